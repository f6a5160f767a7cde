import { posix } from 'node:path';
import { errnoNumber } from '@coracle/errors';
import type { Process } from '@coracle/oci-spec';
import { AT_FDCWD, flags, OPEN, type Outcome, openat, type Step, step } from '@coracle/syscalls';
import { candidates } from '../plan/plan-process.ts';
import { ProgramError } from '../program-error.ts';

const X_OK = 1;
const ACCESS = 'see whether the program is there: ';
const DIRECTORY = 'see whether it is only a directory: ';

/**
 * Steps for the init, inside its root, that look for the program: who creates a container learns at once that it cannot be
 * started.
 * @see access(2)
 */
export function lookForProgram({ args = [], env = [], cwd }: Process): Step[] {
  return candidates(args[0] ?? '', env)
    .map((path) => posix.resolve(cwd, path))
    .flatMap((path) => [
      step('faccessat', [AT_FDCWD, path, X_OK], { why: `${ACCESS}${path}`, tolerate: 'any' }),
      openat(
        { path, flags: flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC') },
        { why: `${DIRECTORY}${path}`, tolerate: 'any' },
      ),
    ]);
}

/**
 * What {@link lookForProgram} found.
 * @throws {ProgramError} when there is no such program, or it may not be executed
 */
export function checkProgram(program: string, outcome: Outcome, steps: readonly Step[]): void {
  const all = outcome.results;
  const of = (beginning: string): number[] =>
    steps.flatMap(({ why }, index) => (why.startsWith(beginning) ? [all[index] ?? 0] : []));
  const directories = of(DIRECTORY);
  const results = of(ACCESS).map((result, index) =>
    result === 0 && (directories[index] ?? -1) >= 0 ? -errnoNumber('EACCES') : result,
  );
  if (results.length === 0 || results.some((result) => result === 0)) return;
  if (results.some((result) => result === -errnoNumber('EACCES')))
    throw new ProgramError(program, {
      code: 'EACCES',
      exitCode: 126,
      hint: 'is it a file with the execute permission? (chmod +x)',
    });
  throw new ProgramError(program, {
    code: 'ENOENT',
    exitCode: 127,
    isAbsent: true,
    hint: program.includes('/')
      ? 'the path is looked up inside the root'
      : 'it is in no directory of PATH inside the root; give its full path, or another root',
  });
}
