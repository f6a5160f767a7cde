import { type Limits, parseSize } from '@coracle/cgroups';
import { isErrno } from '@coracle/errors';
import { OptionError } from '../options/option-error.ts';
import type { LimitOptions } from '../options/options.ts';

const DEFAULT_PIDS = 2048;

/**
 * Limits as the cgroup packages take them, with the defaults for what is not said.
 * @throws {OptionError} for limits that cannot be meant
 */
export function limitsFor({ memory, memoryWithSwap, pids = DEFAULT_PIDS, cpus }: LimitOptions): Limits {
  const limits: Limits = { pids: pids === 'max' ? pids : positive('pids', pids) };
  if (memory !== undefined || memoryWithSwap !== undefined) limits.memory = memoryLimits(memory, memoryWithSwap);
  if (cpus !== undefined) limits.cpus = cpus === 'max' ? cpus : positive('cpus', cpus);
  return limits;
}

/** Where nothing is said of swap, as much again may be swapped out, as with Docker. */
function memoryLimits(memory: Bytes = 'max', memoryWithSwap: Bytes | undefined): NonNullable<Limits['memory']> {
  const max = bytesOf('memory', memory);
  if (memoryWithSwap === undefined) return max === 'max' ? max : { max, maxWithSwap: 2n * max };
  const maxWithSwap = bytesOf('memoryWithSwap', memoryWithSwap);
  checkOrder(max, maxWithSwap);
  return { max, maxWithSwap };
}

function checkOrder(memory: bigint | 'max', both: bigint | 'max'): void {
  if (both === 'max' || (memory !== 'max' && memory <= both)) return;
  throw memory === 'max'
    ? new OptionError(
        'memoryWithSwap',
        `${both} bytes for memory and swap together need a limit for memory too`,
        'limit memory, to no more than this',
      )
    : new OptionError(
        'memoryWithSwap',
        `${both} bytes for memory and swap together are less than ${memory} for memory alone`,
        'as much as for memory leaves no swap; max is no limit',
      );
}

type Bytes = NonNullable<LimitOptions['memory']>;

const NAME = { memory: 'memory', memoryWithSwap: 'memory and swap' };

function bytesOf(option: keyof typeof NAME, given: Bytes): bigint | 'max' {
  if (given === 'max') return 'max';
  if (typeof given === 'string') {
    try {
      return inRange(option, parseSize(given));
    } catch (cause) {
      if (!isErrno(cause, 'EINVAL')) throw cause;
      throw new OptionError(
        option,
        `'${given}' cannot be the limit on ${NAME[option]}`,
        'write a number of bytes or a size such as 256m or 1.5g',
      );
    }
  }
  if (typeof given === 'number' && !Number.isInteger(given))
    throw new OptionError(
      option,
      `${given} cannot be a number of bytes`,
      'write a whole number, or a size such as 256m',
    );
  return inRange(option, BigInt(given));
}

/** Less than this and not even the set-up fits: Docker's minimum. */
const MINIMUM_MEMORY = 6n * 1024n * 1024n;

/** More than this, 8 PiB, and the number that is reported would not be exact; twice as much is again. */
const MAXIMUM_MEMORY = BigInt(Number.MAX_SAFE_INTEGER);

function inRange(option: keyof typeof NAME, bytes: bigint): bigint {
  if (bytes < MINIMUM_MEMORY)
    throw new OptionError(
      option,
      `a ${NAME[option]} limit of ${bytes} bytes is less than a container needs`,
      'the least is 6m',
    );
  if (bytes > MAXIMUM_MEMORY)
    throw new OptionError(
      option,
      `a ${NAME[option]} limit of ${bytes} bytes is more than any machine has`,
      'for no limit write max',
    );
  return bytes;
}

/** PID_MAX_LIMIT: more the kernel takes for no number. */
const MOST_PIDS = 2 ** 22;

function positive(option: 'pids' | 'cpus', value: number): number {
  if (option === 'pids' && value > MOST_PIDS)
    throw new OptionError(
      option,
      `${value} is no limit on pids: no machine has more than ${MOST_PIDS}`,
      'write a whole number up to that, or max',
    );
  if (!(value > 0) || !Number.isFinite(value) || (option === 'pids' && !Number.isInteger(value))) {
    throw new OptionError(
      option,
      `${value} cannot be the limit on ${option}`,
      option === 'pids' ? 'write a whole number from 1 on, or max' : 'write a number above 0, such as 0.5, or max',
    );
  }
  return value;
}
