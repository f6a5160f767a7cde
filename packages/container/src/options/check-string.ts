import { OptionError } from './option-error.ts';

/** What the kernel takes of a path, see path_resolution(7). */
export const LONGEST_PATH = 'a name has at most 255 bytes, and a path 4095';

/**
 * @throws {OptionError} for text that no system call can carry
 */
export function checkString(option: string, text: string): void {
  if (text.includes('\0'))
    throw new OptionError(
      option,
      `${option}: ${JSON.stringify(text)} holds a NUL, which no system call can carry`,
      'leave the NUL out: a file of which this is a line may not be text',
    );
}

/**
 * Of a path in a container, before it is taken apart into steps, of which there are as many as it has names.
 * @throws {OptionError} for one that no system call can carry, or that the kernel takes for too long
 */
export function checkPath(option: string, path: string): void {
  checkString(option, path);
  const names = path.split('/').map((name) => Buffer.byteLength(name));
  if (Buffer.byteLength(path) > 4095 || names.some((bytes) => bytes > 255))
    throw new OptionError(option, `${option}: '${path}' is longer than the kernel takes`, LONGEST_PATH);
}

/** Such a path takes up to 2 MiB of the message that makes a container, which has room for 4, and may have 2 of arguments in it. */
const DEEPEST = 1000;

/**
 * As {@link checkPath}, of a place that is made where it is missing: each directory on the way is made and opened by its whole path.
 * @throws {OptionError} for one that lies too deep, too
 */
export function checkPlace(option: string, path: string): void {
  checkPath(option, path);
  const levels = path.split('/').filter((name) => name !== '').length;
  if (levels > DEEPEST)
    throw new OptionError(
      option,
      `${option}: a place ${levels} directories deep (${path.slice(0, 20)}...) cannot be made`,
      `a place in a container has at most ${DEEPEST} directories on its way: choose one higher up`,
    );
}
