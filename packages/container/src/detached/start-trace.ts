import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Message, Step } from '@coracle/syscalls';
import { writeWhole } from './store.ts';

const FILE = 'start.json';

/** What is needed to understand the report of a program that another process has sent. */
type Trace = Pick<Message, 'steps' | 'cleanup' | 'report'>;

/**
 * Keeps of the program that waits in a container what its report is understood by: `start` is another process than the one that
 * planned it. What is only for the kernel is left out.
 */
export function keepTrace(directory: string, { steps, cleanup, report }: Message): void {
  const trace: Trace = { steps: steps.map(trimmed), cleanup, report };
  writeWhole(join(directory, FILE), JSON.stringify(trace, plain));
}

/** The message that was sent, without its bytes. */
export function readTrace(directory: string): Message {
  const trace: Trace = JSON.parse(readFileSync(join(directory, FILE), 'utf8'));
  return { ...trace, bytes: new Uint8Array(), outputs: new Map() };
}

/** The arguments and the environment of the program are in its configuration. */
function trimmed(step: Step): Step {
  return step.syscall === 'execve' ? { ...step, args: step.args.slice(0, 1) } : step;
}

/** JSON has neither bytes nor numbers of 64 bits. */
function plain(key: string, value: unknown): unknown {
  if (key === 'pointers') return undefined;
  if (typeof value === 'bigint') return Number(value);
  // As long as it was: an error shows only short structures.
  return value instanceof Uint8Array ? { length: value.length } : value;
}
