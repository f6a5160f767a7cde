import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { isErrno } from '@coracle/errors';

/** Where distributions put what set-up needs, for callers whose PATH is short or absent: services, cron. */
const USUAL_DIRECTORIES = ['/usr/bin', '/usr/sbin', '/bin', '/sbin', '/usr/local/bin'];

/**
 * A program of the host by its name: first in the caller's PATH, then in the usual directories. The path that is found is the
 * one to start, so that what is planned, what `doctor` says and what runs are the same file.
 * @param searchPath as PATH has it; relative directories are passed over, since they depend on where the caller happens to be
 * @returns an absolute path, `undefined` when there is none
 */
export function findProgram(name: string, searchPath: string | undefined): string | undefined {
  const directories = (searchPath ?? '').split(delimiter).filter(isAbsolute);
  return [...directories, ...USUAL_DIRECTORIES].map((directory) => join(directory, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG')) return false;
    throw error;
  }
}
