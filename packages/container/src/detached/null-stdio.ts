import { fstatSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import { AT_FDCWD, close, dup3, flags, OPEN, openat, resultOf, type Step } from '@coracle/syscalls';

/** The number of the null device, 1:3, as stat(2) tells it. @see null(4), makedev(3) */
const NULL_DEVICE = 0x103;

/** Which of this process's input and output are the null device, as an engine gives them to a program that reads nothing. */
export function nullStdio(): number[] {
  return [0, 1, 2].filter((fd) => {
    try {
      const stats = fstatSync(fd);
      return stats.isCharacterDevice() && stats.rdev === NULL_DEVICE;
    } catch (error) {
      if (isErrno(error, 'EBADF')) return false; // closed
      throw error;
    }
  });
}

/**
 * Steps that put the container's own null device in place of the caller's: root of a container without a user namespace owns both,
 * and through /proc/self/fd could change the permissions of the host's, for all of the host. Where the container has no /dev/null,
 * all stays as it is.
 * @param fds what {@link nullStdio} tells
 * @see null(4), proc(5) /proc/pid/fd
 */
export function ownNullStdio(fds: readonly number[]): Step[] {
  if (fds.length === 0) return [];
  const why = 'give the program the null device of the container, not that of the host';
  const own = resultOf('null');
  return [
    openat(
      { dir: AT_FDCWD, path: '/dev/null', flags: flags(OPEN, 'O_RDWR', 'O_NOCTTY', 'O_CLOEXEC') },
      { why, result: 'null', tolerate: 'any' },
    ),
    ...fds.map((to) => dup3({ from: own, to }, why)),
    close(own, why),
  ];
}
