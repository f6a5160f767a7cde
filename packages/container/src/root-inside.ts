import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { isErrno, SystemError } from '@coracle/errors';
import { OPEN } from '@coracle/syscalls';

/** A root as the programs of a container see it, while it is open. */
export interface RootInside extends Disposable {
  /** Leads to it from this process, whatever becomes of the container. */
  path: string;
}

/**
 * The root of a container that runs: with what its programs have made there, and whatever an overlay or a tmpfs shows. Nothing in
 * it is to be trusted.
 * @param pidfd of a process of the container
 * @throws SystemError ESRCH when that has ended; EXDEV when it has gone to a root of its own (chroot(2)), where it may have put
 *   other users than programs that enter would find
 * @see proc_pid_root(5), pidfd_open(2) for the pid
 */
export function openRootInside(pidfd: number): RootInside {
  const fd = openRoot(`/proc/${pidOf(pidfd)}/root`);
  const path = `/proc/self/fd/${fd}`;
  // The kernel writes a path up to the top of the mount namespace that it lies in, which is where programs enter.
  const place = readlinkSync(path);
  if (place === '/') return { path, [Symbol.dispose]: () => closeSync(fd) };
  closeSync(fd);
  throw new SystemError({
    code: 'EXDEV',
    syscall: 'open',
    path: '/etc/passwd',
    text: `the container's program has changed its root to ${JSON.stringify(place)}, where users may be others`,
    hint: 'leave the user out, or enter as 0',
  });
}

function openRoot(path: string): number {
  try {
    return openSync(path, OPEN.O_PATH | OPEN.O_DIRECTORY | OPEN.O_CLOEXEC);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) throw hasEnded(error);
    throw error;
  }
}

/**
 * Should the process end from here on, its number may become another's. What is then found there is of no use to anybody, for
 * nothing enters by a pidfd whose process has ended.
 */
export function pidOf(pidfd: number): number {
  const [, pid = '-1'] = /^Pid:\t(-?\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${pidfd}`, 'latin1')) ?? [];
  if (Number(pid) <= 0) throw hasEnded();
  return Number(pid);
}

/** What a call on a container says that was there when the call began. */
export function hasEnded(cause?: unknown): SystemError {
  return new SystemError({ code: 'ESRCH', syscall: 'setns', text: 'the container has ended', cause });
}
