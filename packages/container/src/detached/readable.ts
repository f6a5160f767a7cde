import { onReady } from '@coracle/syscalls';

/** Resolves when something, or the end, can be read from a socket. */
export function readable(fd: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = onReady(fd, 'readable', () => {
      stop();
      resolve();
    });
  });
}
