import type { ErrnoName } from '@coracle/errors';
import type { Arg } from './arg.ts';
import type { SyscallName } from './syscall-names.ts';

/**
 * One system call as plain data: it can be printed, compared in a test, and sent to another process.
 *
 * The functions of `calls.ts` (`mount`, `pivotRoot`, ...) build steps with the arguments in the kernel's order.
 */
export interface Step {
  syscall: SyscallName;
  args: readonly Arg[];
  /** The purpose in plain words, continuing "could not ...": shown by `explain` and in errors. */
  why: string;
  /** Name under which later steps use what this call returned, see {@link resultOf}. */
  result?: string;
  /** Errors that are no failure here; `'any'` for clean-up that does what it can. Steps using the result are skipped then. */
  tolerate?: readonly ErrnoName[] | 'any';
  /** After a clone3 in the same program: which of the two processes takes this step. Absent: both. */
  only?: 'parent' | 'child';
  /**
   * Name of an earlier result without which this step is passed over, although the call does not take it: as for a path
   * through `/proc/self/fd/N` to what that step has opened. A call of six arguments has no room for it.
   */
  needs?: string;
  /** The file or directory that it is about, for errors: a descriptor does not tell. */
  on?: string;
}

/** Steps in order, and steps that are taken at the end whatever happened before. */
export interface Program {
  steps: readonly Step[];
  /** Taken after the steps, or after the one that failed. Their own failures are ignored. */
  finally?: readonly Step[];
}

/** What a step is for: the plain words alone, or with the options of {@link Step}. */
export type Purpose =
  | string
  | (Pick<Step, 'why'> & Partial<Pick<Step, 'result' | 'tolerate' | 'only' | 'needs' | 'on'>>);

/**
 * Builds a step from its parts.
 * @example
 * step('umount2', ['.', 0], 'let go of the old root');
 */
export function step(syscall: SyscallName, args: readonly Arg[], purpose: Purpose): Step {
  return typeof purpose === 'string' ? { syscall, args, why: purpose } : { syscall, args, ...purpose };
}
