import { libc } from './libc.ts';

/**
 * Waits until a descriptor can be read, or was hung up: that of a process until it has ended, see pidfd_open(2).
 * @param patienceMs not longer than so many milliseconds; `Infinity` for as long as it takes
 * @returns whether it can, and not only the time was over
 * @example
 * if (!(await readableWithin(pidfd, 1000))) pidfdSendSignal(pidfd, SIGKILL);
 */
export function readableWithin(fd: number, patienceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (isReadable: boolean): void => {
      stop();
      clearTimeout(timer);
      resolve(isReadable);
    };
    const stop = libc().onReadable(fd, () => finish(true));
    const timer = Number.isFinite(patienceMs) ? setTimeout(() => finish(false), patienceMs) : undefined;
  });
}
