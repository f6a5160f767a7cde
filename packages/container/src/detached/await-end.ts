import { closeFd, onReady } from '@coracle/syscalls';

/** How long the kernel may take to end a process that was killed. */
const PATIENCE_MS = 10_000;

/**
 * Resolves when the process of a descriptor has ended, and closes the descriptor.
 * @returns whether it has; not when it takes longer than ten seconds, unless `patienceMs` says otherwise
 * @see pidfd_open(2)
 */
export function awaitEnd(pidfd: number, patienceMs: number | undefined = PATIENCE_MS): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (ended: boolean): void => {
      stop();
      clearTimeout(timer);
      closeFd(pidfd);
      resolve(ended);
    };
    const stop = onReady(pidfd, 'readable', () => finish(true));
    const timer = Number.isFinite(patienceMs) ? setTimeout(() => finish(false), patienceMs) : undefined;
  });
}
