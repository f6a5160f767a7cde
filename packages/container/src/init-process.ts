import { isErrno } from '@coracle/errors';
import { type Channel, closeFd, pidfdOpen } from '@coracle/syscalls';

/**
 * The container's first process, as long as its monitor has not told of its end: only then is the pid surely still its own, for the
 * monitor tells first and buries afterwards.
 * @returns a descriptor of it; `undefined` when it has ended
 */
export function openInit(pid: number, monitor: Channel): number | undefined {
  if (monitor.hasNews()) return undefined; // not an error of the kernel's for what is known, which takes longer to make
  let pidfd: number;
  try {
    pidfd = pidfdOpen(pid);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return undefined;
    throw error;
  }
  if (!monitor.hasNews()) return pidfd;
  closeFd(pidfd);
  return undefined;
}
