import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno } from '@coracle/errors';

/**
 * Makes a directory, and those above it that are not there, private to the user. Not Node's recursive mkdir, which calls a read-only
 * file system ENOENT and never returns from one such as /proc.
 * @throws what mkdir(2) says, with the path that it says it of
 */
export function makeDirectories(path: string): void {
  if (existsSync(path)) return;
  makeDirectories(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error; // Another command was faster.
  }
}
