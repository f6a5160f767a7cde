import { isErrno } from '@coracle/errors';
import { pidfdSendSignal } from '@coracle/syscalls';

/**
 * Sends a signal to the process of a pidfd; says whether it was there to receive it.
 * @param pidfd `undefined` for one that has ended
 */
export function signalProcess(pidfd: number | undefined, signal: number): boolean {
  if (pidfd === undefined) return false;
  try {
    pidfdSendSignal(pidfd, signal);
    return true;
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    throw error;
  }
}
