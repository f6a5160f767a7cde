import { type BigIntStats, statSync } from 'node:fs';
import { type ErrnoName, errnoOf, SystemError } from '@coracle/errors';
import { checkString, LONGEST_PATH } from './options/check-string.ts';

/** What helps where no caller knows better. */
const HINTS: Partial<Record<ErrnoName, string>> = {
  EACCES: 'a directory on the way to it is closed to this user (ls -ld)',
  ELOOP: 'its symbolic links lead in a circle (ls -l)',
  ENAMETOOLONG: LONGEST_PATH,
};

/** What something on the host is looked at for. */
export interface Purpose {
  /** The option that names it. */
  option: string;
  step: string;
  /** What helps, by the errno. */
  hints: Partial<Record<ErrnoName, string>>;
}

/**
 * What lies at a path of the host; symbolic links are followed.
 * @throws {OptionError} for what can be no path, SystemError for what is not there or may not be seen
 * @see stat(2)
 */
export function lookAt(path: string, { option, step, hints }: Purpose): BigIntStats {
  checkString(option, path);
  try {
    return statSync(path, { bigint: true });
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === undefined) throw cause;
    throw new SystemError({ code, syscall: 'stat', path, step, hint: hints[code] ?? HINTS[code], cause });
  }
}
