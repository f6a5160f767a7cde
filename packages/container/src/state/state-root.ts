import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isErrno, SystemError } from '@coracle/errors';
import { makeDirectories } from './make-directories.ts';

/**
 * Where this user's containers are kept when nobody says otherwise: `/run/coracle` for root, `/run/user/UID/coracle`
 * for others, and where that is not to be had a private directory under the one for temporary files.
 *
 * That one stays when its last container has ended: its name is known to all, and where it is free for a moment another user can
 * take it, after which this one can start no container any more.
 */
export function defaultStateRoot(uid: number): string {
  if (uid === 0) return '/run/coracle';
  const runtime = `/run/user/${uid}`;
  if (lstatSync(runtime, { throwIfNoEntry: false })?.uid === uid) return join(runtime, 'coracle');
  return join(process.getBuiltinModule('node:os').tmpdir(), `coracle-${uid}`);
}

/**
 * Makes the state root and its parts, private to the user.
 * @throws SystemError EACCES when it cannot be made, EPERM when it belongs to somebody else (then nothing in it is trusted)
 */
export function prepareStateRoot(root: string, uid: number): void {
  try {
    makeDirectories(join(root, 'names'));
  } catch (cause) {
    // ENOENT is what /proc says to everybody who would make something there.
    if (!isErrno(cause, 'EACCES', 'EPERM', 'EROFS', 'ENOENT')) throw cause;
    throw new SystemError({
      code: 'EACCES',
      syscall: 'mkdir',
      path: root,
      cause,
      step: 'keep the state of containers',
      hint:
        uid === 0
          ? `${dirname(root)} has to be there and writable: \`coracle doctor\` tells more`
          : 'set XDG_RUNTIME_DIR to a directory of yours',
    });
  }
  checkStateRoot(root, uid);
}

/**
 * Looks whether there is a state root, and whether what it tells can be believed.
 * @returns whether it is there
 * @throws SystemError EPERM when it belongs to somebody else
 */
export function checkStateRoot(root: string, uid: number): boolean {
  const stats = lstatSync(root, { throwIfNoEntry: false });
  if (!stats) return false;
  if (stats.uid !== uid || !stats.isDirectory() || (stats.mode & 0o022) !== 0) {
    throw new SystemError({
      code: 'EPERM',
      syscall: 'lstat',
      path: root,
      text: `must be a directory that belongs to user ${uid} and that nobody else can write`,
      hint: `remove it, or set XDG_RUNTIME_DIR to a directory of yours`,
    });
  }
  return true;
}
