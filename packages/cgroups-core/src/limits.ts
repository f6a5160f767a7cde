import { SystemError } from '@coracle/errors';
import { LARGEST_SIZE } from './size.ts';

/**
 * What a group of processes may use. `undefined` leaves a limit as it is, `'max'` lifts it.
 * @example
 * const limits: Limits = { pids: 20, memory: parseSize('256m'), cpus: 0.5 };
 */
export interface Limits {
  /** Processes and threads, a whole number from 0 on. With 0 nothing can be born in the group. */
  pids?: number | 'max';
  /** Bytes, of memory alone: swap may be filled when they are used up. */
  memory?: bigint | 'max' | MemoryLimits;
  /** Processors' worth of time: 0.5 is half of one. Enforced over periods of 100 ms. */
  cpus?: number | 'max';
}

/** Bytes of memory, and of memory and swap together: at least as many, and `'max'` where no limit on memory stands beside. */
export interface MemoryLimits {
  max?: bigint | 'max';
  maxWithSwap?: bigint | 'max';
}

/**
 * Both limits on memory, of which one may be absent.
 * @example
 * memoryLimits({ memory: 64n << 20n }); // { max: 67108864n }
 */
export function memoryLimits({ memory }: Limits): MemoryLimits {
  if (typeof memory === 'object' && memory !== null) return memory;
  return memory === undefined ? {} : { max: memory };
}

/**
 * The same limits with memory limited alone, for a kernel that does not count swap.
 * @example
 * withoutSwap({ pids: 20, memory: { max: 1n << 20n, maxWithSwap: 'max' } }); // { pids: 20, memory: 1048576n }
 */
export function withoutSwap(limits: Limits): Limits {
  const { memory: _, ...others } = limits;
  const { max } = memoryLimits(limits);
  return max === undefined ? others : { ...others, memory: max };
}

/** The resources that can be limited, by the names of {@link Limits}. */
export const RESOURCES = ['pids', 'memory', 'cpus'] as const;
/** One of {@link RESOURCES}. */
export type Resource = (typeof RESOURCES)[number];

/**
 * The resources for which something is asked, `'max'` included.
 * @example
 * limitedResources({ pids: 20, cpus: 'max' }); // ['pids', 'cpus']
 */
export function limitedResources(limits: Limits): Resource[] {
  return RESOURCES.filter((resource) => limits[resource] !== undefined);
}

/** Length of the period over which processor time is limited, in microseconds: the kernel's own default. */
export const CPU_PERIOD_USEC = 100_000;

/** The shortest quota the kernel takes, in microseconds; see sched-bwc of the kernel's documentation. */
export const SHORTEST_QUOTA_USEC = 1000;

/** The longest quota it takes, in microseconds. */
export const LONGEST_QUOTA_USEC: number = 2 ** 44 - 1;

/**
 * Refuses limits that cannot be meant, before anything is written.
 * @throws SystemError EINVAL naming the limit, what was given and what is allowed
 * @example
 * checkLimits({ pids: 20 });
 */
export function checkLimits(limits: Limits): void {
  const { pids, cpus } = limits;
  if (pids !== undefined && pids !== 'max' && !(Number.isSafeInteger(pids) && pids >= 0)) {
    throw refused('pids', pids, "a whole number from 0 on, or 'max'");
  }
  const { max, maxWithSwap } = memoryLimits(limits);
  checkBytes('memory', max);
  checkBytes('memory.maxWithSwap', maxWithSwap);
  if (maxWithSwap !== undefined && maxWithSwap !== 'max' && !(typeof max === 'bigint' && max <= maxWithSwap))
    throw refused('memory.maxWithSwap', maxWithSwap, "at least as much as memory.max, or 'max'");
  if (
    cpus !== undefined &&
    cpus !== 'max' &&
    !(
      Number.isFinite(cpus) &&
      cpus * CPU_PERIOD_USEC >= SHORTEST_QUOTA_USEC &&
      cpuQuotaUsec(cpus) <= LONGEST_QUOTA_USEC
    )
  ) {
    throw refused('cpus', cpus, "a number from 0.01 on, or 'max'");
  }
}

/** Not everyone who calls this is checked by a compiler: a number may be NaN, and 1.5 bytes are none. */
function checkBytes(limit: string, bytes: unknown): void {
  if (bytes === undefined || bytes === 'max') return;
  if (typeof bytes === 'bigint' && bytes >= 0n && bytes <= LARGEST_SIZE) return;
  throw refused(limit, bytes, "a bigint of bytes from 0n on, or 'max'; parseSize makes one of a text");
}

function refused(limit: string, given: unknown, allowed: string): SystemError {
  return new SystemError({
    code: 'EINVAL',
    syscall: 'limit',
    path: limit,
    text: `${String(given)} cannot be the limit`,
    hint: `write ${allowed}`,
  });
}

/**
 * The quota of processor time for each period of {@link CPU_PERIOD_USEC}, in whole microseconds.
 * @example
 * cpuQuotaUsec(0.5); // 50000
 */
export function cpuQuotaUsec(cpus: number): number {
  return Math.round(cpus * CPU_PERIOD_USEC);
}
