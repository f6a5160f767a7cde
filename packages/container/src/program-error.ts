import { type ErrnoName, errnoName, SystemError } from '@coracle/errors';
import type { Outcome, Step } from '@coracle/syscalls';
import { stepError } from './step-error.ts';

/** The container is fine but its program could not be started. */
export class ProgramError extends SystemError {
  override readonly name = 'ProgramError';
  /** As shells and Docker have it: 127 when the program was not found, 126 when it cannot be executed. */
  readonly exitCode: 126 | 127;
  /** Nothing of this name is there: not the case when only its interpreter is missing, which is 127 as well. */
  readonly isAbsent: boolean;

  constructor(
    program: string,
    {
      code,
      text,
      hint,
      exitCode,
      isAbsent = false,
    }: { code: ErrnoName; text?: string; hint?: string; exitCode: 126 | 127; isAbsent?: boolean },
  ) {
    super({ code, syscall: 'execve', path: program, text, hint });
    this.exitCode = exitCode;
    this.isAbsent = isAbsent;
  }
}

/** Why a start came back with a report instead of becoming the program: a step before it failed, or it could not be executed. */
export function startError(program: string, outcome: Outcome, steps: readonly Step[]): SystemError {
  const failure = outcome.failure;
  if (failure && failure.step.syscall !== 'execve') return stepError(failure);
  return explainFailedStart(program, outcome, steps);
}

/**
 * Why no attempt to execute the program succeeded.
 * @param attempts the execve steps and looks of `plan-process.ts`, in their order, with their results
 */
function explainFailedStart(program: string, outcome: Outcome, steps: readonly Step[]): ProgramError {
  const results = outcome.results;
  const executed = steps.flatMap(({ syscall }, index) =>
    syscall === 'execve' ? [errnoName(results[index] ?? 0)] : [],
  );
  const found = steps.some(
    ({ syscall, why }, index) => syscall === 'openat' && why.startsWith('look for ') && (results[index] ?? -1) >= 0,
  );
  const worst = executed.find((code) => code !== undefined && code !== 'ENOENT' && code !== 'ENOTDIR');
  if (worst === 'EACCES')
    return new ProgramError(program, {
      code: 'EACCES',
      exitCode: 126,
      hint: 'is it a file with the execute permission for this user? (chmod +x)',
    });
  if (worst === 'ENOEXEC') {
    return new ProgramError(program, {
      code: 'ENOEXEC',
      exitCode: 126,
      text: 'not a program this machine can execute',
      hint: 'a script needs a first line such as #!/bin/sh; a binary must be made for this architecture',
    });
  }
  if (worst === 'EPERM')
    return new ProgramError(program, {
      code: 'EPERM',
      exitCode: 126,
      hint: 'where Coracle itself is under an AppArmor profile or a SELinux label, a program that cannot gain rights may not change to another: leave it out, or add --security-opt no-new-privileges=false',
    });
  if (worst === 'E2BIG')
    return new ProgramError(program, {
      code: 'E2BIG',
      exitCode: 126,
      text: 'too much in its arguments and environment',
      hint: 'one of them can have 128 KiB, and all together a quarter of the limit on the stack (--ulimit stack=, at most 6 MiB); pass more in a file, or through the input',
    });
  if (worst !== undefined)
    return new ProgramError(program, {
      code: worst,
      exitCode: worst === 'ENAMETOOLONG' || worst === 'ELOOP' ? 127 : 126,
    });
  if (found) {
    return new ProgramError(program, {
      code: 'ENOENT',
      exitCode: 127,
      text: 'the file is there, but not the interpreter it names',
      hint: 'look at its first line (#!) or, for a binary, at the loader it needs (readelf -l): that must be in the root too',
    });
  }
  return new ProgramError(program, {
    code: 'ENOENT',
    exitCode: 127,
    isAbsent: true,
    text: 'no such program in the container',
    hint: program.includes('/')
      ? 'the path is looked up inside the root'
      : 'it is in no directory of PATH inside the root; give its full path, or another root',
  });
}
