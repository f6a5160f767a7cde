import { renderStep } from './render.ts';
import type { Program } from './step.ts';

/** A step as `explain` shows it. */
export interface ExplainedStep {
  /** From 1. */
  number: number;
  why: string;
  syscall: string;
  /** The whole call in C-like text. */
  call: string;
  /** Taken at the end, whatever happened. */
  atTheEnd?: true;
}

/**
 * The third executor: runs nothing and tells what the program would do.
 * @param from number of the first step
 * @example
 * explain({ steps: [chdir('/', 'stand at the root')] }); // [{ number: 1, why: 'stand at the root', syscall: 'chdir', call: 'chdir("/")' }]
 */
export function explain(program: Program, from = 1): ExplainedStep[] {
  const all = [...program.steps, ...(program.finally ?? [])];
  return all.map((step, index) => ({
    number: from + index,
    why: step.why,
    syscall: step.syscall,
    call: renderStep(step),
    ...(index >= program.steps.length ? { atTheEnd: true as const } : {}),
  }));
}
