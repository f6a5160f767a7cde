import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errnoName, isErrno, SystemError } from '@coracle/errors';
import {
  closeFd,
  flags,
  OPEN,
  type Outcome,
  openat,
  openat2,
  resultOf,
  runLocally,
  type Step,
} from '@coracle/syscalls';
import { IN_ROOT } from './mounts.ts';

/** As much of a file as is read at most: a rootfs may hold a passwd file of gigabytes. That of 100,000 users has 8 MiB. */
const LIMIT = 16 << 20;
/** Room for a file that grows while it is read. */
const SPARE = 64 << 10;

const NO_FILE = 'nothing but a plain file of a root is read: put one there, or do not trust this root';

/** How often a look-up is begun again; openat2(2) asks for it. */
const ATTEMPTS = 100;

/**
 * The text of a regular file inside a root that is not trusted: symbolic links lead inside it, and nothing else than a
 * regular file is ever opened for reading, since opening a device can do things and opening a pipe can wait.
 * @param root a directory of the host
 * @param path in the root; taken from its top, absolute or not
 * @returns `undefined` when there is no such file
 * @throws SystemError EISDIR for a directory, EINVAL for a device, a pipe or a socket, EFBIG for more than 16 MiB, EAGAIN for a
 *   file with a lease on it, and for what stands in the way: ELOOP, EACCES, ENOTDIR, ENAMETOOLONG ...
 * @see openat2(2) (since Linux 5.6)
 * @example
 * readInRoot('./rootfs', '/etc/passwd');
 */
export function readInRoot(root: string, path: string): string | undefined {
  const why = `read ${path} of the root`;
  const steps: Step[] = [
    openat({ path: root, flags: flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC') }, { why, result: 'root' }),
    openat2(
      { dir: resultOf('root'), path, flags: flags(OPEN, 'O_PATH', 'O_CLOEXEC'), resolve: IN_ROOT },
      { why, result: 'file', tolerate: ['ENOENT'] },
    ),
  ];
  for (let attempt = 1; ; attempt++) {
    const outcome = runLocally(steps);
    // While anything is renamed or mounted anywhere, the kernel cannot be sure where `..` leads.
    if (errnoName(outcome.failure?.errno ?? 0) !== 'EAGAIN' || attempt === ATTEMPTS) return readFound(outcome, path);
    const root = outcome.result('root');
    if (root !== undefined) closeFd(root);
  }
}

function readFound(outcome: Outcome, path: string): string | undefined {
  const [rootFd, place] = [outcome.result('root'), outcome.result('file')];
  try {
    outcome.throwIfFailed();
    return place === undefined ? undefined : readFile(place, path);
  } finally {
    if (rootFd !== undefined) closeFd(rootFd);
    if (place !== undefined) closeFd(place);
  }
}

/** Looks at what was found before it is opened; through /proc the very same file is opened, not the path once more. */
function readFile(place: number, path: string): string {
  const stats = fstatSync(place);
  if (stats.isDirectory()) throw new SystemError({ code: 'EISDIR', syscall: 'read', path, hint: NO_FILE });
  if (!stats.isFile())
    throw new SystemError({ code: 'EINVAL', syscall: 'read', path, text: 'not a regular file', hint: NO_FILE });
  if (stats.size > LIMIT) throw tooLarge(path);
  const fd = openFound(place, path);
  try {
    return readText(fd, { path, size: stats.size });
  } finally {
    closeSync(fd);
  }
}

/** A file that somebody has a lease on, see fcntl(2), would keep us waiting for as long as the kernel lets him: 45 seconds. */
function openFound(place: number, path: string): number {
  try {
    return openSync(`/proc/self/fd/${place}`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    if (!isErrno(cause, 'EAGAIN', 'EACCES')) throw cause;
    const text = isErrno(cause, 'EAGAIN') ? 'somebody has a lease on it' : undefined;
    throw new SystemError({ code: text ? 'EAGAIN' : 'EACCES', syscall: 'open', path, text, hint: NO_FILE, cause });
  }
}

function readText(fd: number, { path, size }: { path: string; size: number }): string {
  const bytes = Buffer.allocUnsafe(Math.min(size + SPARE, LIMIT) + 1);
  for (let length = 0; length < bytes.length; ) {
    const got = readSync(fd, bytes, length, bytes.length - length, null);
    if (got === 0) return bytes.toString('utf8', 0, length);
    length += got;
  }
  // It grew while it was read.
  throw tooLarge(path);
}

function tooLarge(path: string): SystemError {
  return new SystemError({ code: 'EFBIG', syscall: 'read', path, hint: 'files of a root are read up to 16 MiB' });
}
