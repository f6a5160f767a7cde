import { existsSync, lstatSync, mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes a root directory that has only the places at which the host's programs are shown.
 * @returns the directories of the host to be shown there, read-only
 */
export function makeEmptyRoot(root: string): string[] {
  for (const name of ['etc', 'proc', 'sys', 'dev', 'tmp', 'run', 'root', 'var']) mkdirSync(join(root, name));
  const programs = ['/usr', '/bin', '/sbin', '/lib', '/lib64'].filter((path) => existsSync(path));
  for (const path of programs) if (lstatSync(path).isSymbolicLink()) symlinkSync(readlinkSync(path), join(root, path));
  return programs.filter((path) => !lstatSync(path).isSymbolicLink());
}
