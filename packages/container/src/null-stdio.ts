import { fstatSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import { isMapped } from '@coracle/namespaces';
import { close, dup3, flags, OPEN, openat2, RESOLVE, resultOf, type Step } from '@coracle/syscalls';
import type { Plan } from './plan/plan.ts';

/** The null device, 1:3, as stat(2) tells it. @see null(4), makedev(3) */
const NULL_DEVICE = 0x103;

/**
 * Which of a program's input, output and error are the null device, as they are of one that reads nothing.
 * @param fds its three in this process
 * @returns of 0, 1 and 2
 */
export function nullStdio(fds: readonly [number, number, number] = [0, 1, 2]): number[] {
  return [0, 1, 2].filter((index) => isNull(fds[index] ?? index));
}

function isNull(fd: number): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.rdev === NULL_DEVICE && stats.isCharacterDevice();
  } catch (error) {
    if (isErrno(error, 'EBADF')) return false; // closed
    throw error;
  }
}

/** Whether a container's null device takes the place of the caller's: where the container has not root's id, that cannot be changed anyhow. */
export function ownsNullStdio({ idMaps, terminal }: Pick<Plan, 'idMaps' | 'terminal'>): boolean {
  return !terminal && (!idMaps || isMapped(idMaps.uids, { hostId: 0 }));
}

/**
 * Steps that put the container's own null device in place of the caller's: root of a container without a user namespace owns both,
 * and through /proc/self/fd could change the permissions of the host's, for all of the host. Where the container has no such file all
 * stays as it is, and so it does where a link is in the way, which could lead to what the agent has open.
 * @param indexes what {@link nullStdio} tells
 * @see null(4), proc(5) /proc/pid/fd
 */
export function ownNullStdio(indexes: readonly number[]): Step[] {
  if (indexes.length === 0) return [];
  const why = 'give the program the null device of the container, not that of the host';
  const own = resultOf('null');
  return [
    openat2(
      {
        path: '/dev/null',
        flags: flags(OPEN, 'O_RDWR', 'O_NOCTTY', 'O_CLOEXEC'),
        resolve: flags(RESOLVE, 'RESOLVE_NO_SYMLINKS'),
      },
      { why, result: 'null', tolerate: 'any' },
    ),
    ...indexes.map((to) => dup3({ from: own, to }, why)),
    close(own, why),
  ];
}
