import { flags } from '../arg.ts';
import { type Purpose, type Step, step } from '../step.ts';

/** Classes of ioprio_set(2), from `IOPRIO_CLASS_RT` (first) to `IOPRIO_CLASS_IDLE` (when nobody else wants the disk). */
export const IOPRIO_CLASS = {
  IOPRIO_CLASS_NONE: 0,
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
} as const;

const WHO = { IOPRIO_WHO_PROCESS: 1 } as const;
const CLASS_SHIFT = 13;

/**
 * Sets the priority of the calling thread's input and output. The class for real time needs CAP_SYS_ADMIN or CAP_SYS_NICE.
 * @param priority 0 (first) to 7
 * @see ioprio_set(2)
 * @example
 * ioprioSet({ class: 'IOPRIO_CLASS_BE', priority: 7 }, 'let others read first');
 */
export function ioprioSet(
  { class: name, priority }: { class: keyof typeof IOPRIO_CLASS; priority: number },
  purpose: Purpose,
): Step {
  const value = (IOPRIO_CLASS[name] << CLASS_SHIFT) | priority;
  return step(
    'ioprio_set',
    [flags(WHO, 'IOPRIO_WHO_PROCESS'), 0, { kind: 'flags', value, text: `${name}|${priority}` }],
    purpose,
  );
}
