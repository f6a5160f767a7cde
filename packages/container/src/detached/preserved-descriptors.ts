import { fstatSync } from 'node:fs';
import { isErrno, SystemError } from '@coracle/errors';

/** What a program is given beside input and output. */
export interface Preserved {
  /** Descriptors of this process. */
  fds: readonly number[];
  /** Variables that tell the program of those that a service manager has opened for it. */
  variables: readonly string[];
}

/** Descriptors are passed on from here. */
const FIRST = 3;

/**
 * The descriptors that are passed on to a program: those that a service manager has opened for it, as `LISTEN_FDS` says, and
 * `extra` ones behind them.
 * @param environment of this process, whose id is `pid`
 * @throws SystemError EBADF when one of them is not open, EINVAL for a number that cannot be meant
 * @see sd_listen_fds(3)
 * @example
 * preservedDescriptors(1, { LISTEN_FDS: '1', LISTEN_PID: '4711' }, 4711); // { fds: [3, 4], variables: ['LISTEN_FDS=1', 'LISTEN_PID=1'] }
 */
export function preservedDescriptors(
  extra: number,
  environment: Readonly<Record<string, string | undefined>>,
  pid: number = process.pid,
): Preserved {
  // Otherwise they are meant for another process, which this one has the variables from.
  const isMeant = environment['LISTEN_PID'] === String(pid);
  const listening = isMeant ? countOf(environment['LISTEN_FDS'] ?? '0', 'LISTEN_FDS') : 0;
  const count = listening + extra;
  const fds = Array.from({ length: count }, (_, index) => FIRST + index);
  for (const fd of fds) if (!isOpen(fd)) throw notOpen(fd, count);
  return { fds, variables: listening === 0 ? [] : [`LISTEN_FDS=${listening}`, 'LISTEN_PID=1'] };
}

/** As many as fit between the numbers that the set-up uses and the usual limit on descriptors. */
const MOST = 256;

function countOf(text: string, name: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0 && count <= MOST) return count;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'create',
    path: `${name}=${text}`,
    hint: `0 to ${MOST} descriptors`,
  });
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch (error) {
    if (isErrno(error, 'EBADF')) return false;
    throw error;
  }
}

function notOpen(fd: number, count: number): SystemError {
  return new SystemError({
    code: 'EBADF',
    syscall: 'create',
    detail: `descriptor ${fd}`,
    text: 'a descriptor that is to be passed on is not open',
    hint: `${count} are to be passed on, from ${FIRST} on: see --preserve-fds and LISTEN_FDS`,
  });
}
