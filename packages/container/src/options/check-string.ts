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
