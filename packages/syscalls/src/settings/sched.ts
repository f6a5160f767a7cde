import type { Flags, Struct } from '../arg.ts';
import { type Purpose, type Step, step } from '../step.ts';
import { setWord } from '../word.ts';

/** Policies of sched(7). */
export const SCHED_POLICY = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
} as const;

/** Flags of sched_setattr(2). */
export const SCHED_FLAG = {
  SCHED_FLAG_RESET_ON_FORK: 0x1,
  SCHED_FLAG_RECLAIM: 0x2,
  SCHED_FLAG_DL_OVERRUN: 0x4,
  SCHED_FLAG_KEEP_POLICY: 0x8,
  SCHED_FLAG_KEEP_PARAMS: 0x10,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40,
} as const;

/** How a thread is scheduled; what is absent is 0. */
export interface SchedAttributes {
  policy: keyof typeof SCHED_POLICY;
  flags?: Flags | number;
  /** -20 (first) to 19, for SCHED_OTHER and SCHED_BATCH. */
  nice?: number;
  /** 1 to 99, for SCHED_FIFO and SCHED_RR. */
  priority?: number;
  /** Nanoseconds, for SCHED_DEADLINE: of work in a period, until it must be done, and of a period. */
  runtime?: number | bigint;
  deadline?: number | bigint;
  period?: number | bigint;
}

/** Of `struct sched_attr`, in bytes: without the clamps of later kernels. */
const ATTR_LENGTH = 48;

/**
 * Sets how the calling thread is scheduled; what it starts is scheduled the same way. Real time and a better nice value need
 * CAP_SYS_NICE on the host.
 * @see sched_setattr(2) (since Linux 3.14), sched(7)
 * @example
 * schedSetattr({ policy: 'SCHED_BATCH', nice: 10 }, 'let it compute in the background');
 */
export function schedSetattr(attributes: SchedAttributes, purpose: Purpose): Step {
  return step('sched_setattr', [0, schedAttr(attributes), 0], purpose);
}

function schedAttr(attributes: SchedAttributes): Struct {
  const { policy, flags = 0, nice = 0, priority = 0, runtime = 0, deadline = 0, period = 0 } = attributes;
  const bytes = new Uint8Array(ATTR_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, ATTR_LENGTH, true);
  view.setUint32(4, SCHED_POLICY[policy], true);
  setWord(view, 8, typeof flags === 'number' ? flags : flags.value);
  view.setInt32(16, nice, true);
  view.setUint32(20, priority, true);
  [runtime, deadline, period].forEach((time, index) => {
    setWord(view, 24 + index * 8, time);
  });
  const words = Object.entries(attributes).flatMap(([name, value]: [string, unknown]) =>
    value === undefined
      ? []
      : [`${name}: ${typeof value === 'object' && value && 'text' in value ? value.text : value}`],
  );
  return { kind: 'struct', bytes, text: `{${words.join(', ')}}` };
}

/**
 * Sets on which processors the calling thread may run, and what it starts.
 * @param cpus numbers of processors
 * @see sched_setaffinity(2)
 * @example
 * schedSetaffinity([0, 2], 'run on processors 0 and 2');
 */
export function schedSetaffinity(cpus: readonly number[], purpose: Purpose): Step {
  const mask = bitMask(cpus);
  return step(
    'sched_setaffinity',
    [0, mask.length, { kind: 'struct', bytes: mask, text: `{${cpus.join(', ')}}` }],
    purpose,
  );
}

/** Bits by number, in whole words of 8 bytes, as the kernel has sets of processors and of memory nodes. */
export function bitMask(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array((Math.floor(Math.max(0, ...numbers) / 64) + 1) * 8);
  for (const number of numbers) bytes[number >> 3] = (bytes[number >> 3] ?? 0) | (1 << (number & 7));
  return bytes;
}
