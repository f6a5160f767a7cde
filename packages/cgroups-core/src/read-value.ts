import { readFileSync } from 'node:fs';
import { errnoOf, isErrno, SystemError } from '@coracle/errors';

/** What helps who may not touch a group. */
export const NOT_YOURS =
  'this group is not yours to change: be root, or have a group delegated to you (see cgroups(7), "Delegation")';

/**
 * Reads a file of a group.
 * @returns `undefined` when there is no such file: the group is gone, or the kernel does not count this
 * @throws SystemError EACCES
 * @example
 * readValue('/sys/fs/cgroup/box/pids.current');
 */
export function readValue(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    // ENODEV: the group was removed while the file was open; EOPNOTSUPP: a file of the root group's.
    if (isErrno(cause, 'ENOENT', 'ENODEV', 'EOPNOTSUPP')) return undefined;
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): unknown {
  const code = errnoOf(cause);
  if (code === undefined) return cause;
  const hint = isErrno(cause, 'EACCES', 'EPERM') ? NOT_YOURS : undefined;
  return new SystemError({ code, syscall: 'read', path, hint, cause });
}
