import { isErrno } from '@coracle/errors';

/**
 * Writes to standard output. Resolves when it is there, or when nobody reads any more: that ends `| head`, and is no failure.
 * @throws what else keeps it from being written, such as ENOSPC
 */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.once('error', (error) => (isErrno(error, 'EPIPE') ? resolve() : reject(error)));
    process.stdout.write(text, (error) => {
      if (!error) resolve();
    });
  });
}

/** Writes a line to standard error. Where that is closed or full nothing can be told, and a container goes on all the same. */
export function tell(line: string): void {
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => {});
  process.stderr.write(`${line}\n`);
}
