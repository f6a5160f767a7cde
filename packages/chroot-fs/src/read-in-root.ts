import { readSync } from 'node:fs';
import { SystemError } from '@coracle/errors';
import { closeFd, flags, OPEN, openat, openat2, resultOf, runLocally, type Step } from '@coracle/syscalls';
import { IN_ROOT } from './mounts.ts';

/** As much of a file as is read at most: a rootfs may hold a passwd file of gigabytes. */
const LIMIT = 1 << 20;

/**
 * The text of a file inside a root that is not trusted: symbolic links lead inside it, devices and pipes are not waited
 * for, at most a megabyte is read.
 * @param root a directory of the host
 * @returns `undefined` when there is no such file
 * @throws SystemError for what stands in the way: ELOOP, EACCES, EISDIR ...
 * @example
 * readInRoot('./rootfs', '/etc/passwd');
 */
export function readInRoot(root: string, path: string): string | undefined {
  const directory = flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC');
  const file = flags(OPEN, 'O_CLOEXEC', 'O_NONBLOCK', 'O_NOCTTY');
  const why = `read ${path} of the root`;
  const steps: Step[] = [
    openat({ path: root, flags: directory }, { why, result: 'root' }),
    openat2(
      { dir: resultOf('root'), path, flags: file, resolve: IN_ROOT },
      { why, result: 'file', tolerate: ['ENOENT'] },
    ),
  ];
  const outcome = runLocally(steps);
  const [rootFd, fd] = [outcome.result('root'), outcome.result('file')];
  try {
    outcome.throwIfFailed();
    return fd === undefined ? undefined : readText(fd, path);
  } finally {
    if (rootFd !== undefined) closeFd(rootFd);
    if (fd !== undefined) closeFd(fd);
  }
}

function readText(fd: number, path: string): string {
  const bytes = Buffer.alloc(LIMIT);
  let length = 0;
  for (;;) {
    const got = readSync(fd, bytes, length, LIMIT - length, null);
    length += got;
    if (got === 0) return bytes.toString('utf8', 0, length);
    if (length === LIMIT)
      throw new SystemError({ code: 'EFBIG', syscall: 'read', path, hint: 'files of a root are read up to 1 MiB' });
  }
}
