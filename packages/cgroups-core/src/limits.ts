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
  /** Bytes. */
  memory?: bigint | 'max';
  /** Processors' worth of time: 0.5 is half of one. Enforced over periods of 100 ms. */
  cpus?: number | 'max';
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
export function checkLimits({ pids, memory, cpus }: Limits): void {
  if (pids !== undefined && pids !== 'max' && !(Number.isSafeInteger(pids) && pids >= 0)) {
    throw refused('pids', pids, "a whole number from 0 on, or 'max'");
  }
  // Not everyone who calls this is checked by a compiler: a number may be NaN, and 1.5 bytes are none.
  if (
    memory !== undefined &&
    memory !== 'max' &&
    !(typeof memory === 'bigint' && memory >= 0n && memory <= LARGEST_SIZE)
  )
    throw refused('memory', memory, "a bigint of bytes from 0n on, or 'max'; parseSize makes one of a text");
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

function refused(limit: Resource, given: unknown, allowed: string): SystemError {
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
