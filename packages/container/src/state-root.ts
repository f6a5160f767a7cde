import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isErrno, SystemError } from '@coracle/errors';

/**
 * Where this user's containers are kept when nobody says otherwise: `/run/coracle` for root, `/run/user/UID/coracle`
 * for others, and where that is not to be had a private directory under the one for temporary files.
 */
export function defaultStateRoot(uid: number): string {
  if (uid === 0) return '/run/coracle';
  const runtime = `/run/user/${uid}`;
  if (lstatSync(runtime, { throwIfNoEntry: false })?.uid === uid) return join(runtime, 'coracle');
  return join(tmpdir(), `coracle-${uid}`);
}

/**
 * Makes the state root and its parts, private to the user.
 * @throws SystemError EACCES when it cannot be made, EPERM when it belongs to somebody else (then nothing in it is trusted)
 */
export function prepareStateRoot(root: string, uid: number): void {
  try {
    mkdirSync(join(root, 'names'), { recursive: true, mode: 0o700 });
  } catch (cause) {
    if (!isErrno(cause, 'EACCES', 'EPERM', 'EROFS')) throw cause;
    throw new SystemError({
      code: 'EACCES',
      syscall: 'mkdir',
      path: root,
      cause,
      step: 'keep the state of containers',
      hint: 'set XDG_RUNTIME_DIR to a directory of yours',
    });
  }
  const stats = lstatSync(root);
  if (stats.uid !== uid || !stats.isDirectory() || (stats.mode & 0o022) !== 0) {
    throw new SystemError({
      code: 'EPERM',
      syscall: 'lstat',
      path: root,
      text: `must be a directory that belongs to user ${uid} and that nobody else can write`,
      hint: `remove it, or set XDG_RUNTIME_DIR to a directory of yours`,
    });
  }
}
