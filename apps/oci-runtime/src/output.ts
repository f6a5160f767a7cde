import { writeSync } from 'node:fs';
import { isErrno } from '@coracle/errors';

/** Whether something was too much for standard output to take at once: what comes later has to stay behind it. */
let isStreamed = false;

/**
 * Writes to standard output: at once where that is possible, since Node takes longer to make a stream of it than `state` does for all
 * else. Resolves when it is there, or when nobody reads any more: that ends `| head`, and is no failure.
 * @throws what else keeps it from being written, such as ENOSPC
 */
export async function print(text: string): Promise<void> {
  const bytes = Buffer.from(text);
  const written = isStreamed ? 0 : writeAtOnce(bytes);
  if (written < bytes.length) await stream(bytes.subarray(written));
}

/** Says how many bytes it took. */
function writeAtOnce(bytes: Uint8Array): number {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(1, bytes, written);
  } catch (error) {
    if (isErrno(error, 'EPIPE')) return bytes.length;
    if (!isErrno(error, 'EAGAIN')) throw error; // a pipe that is full, whose reader does not wait either
  }
  return written;
}

function stream(bytes: Uint8Array): Promise<void> {
  isStreamed = true;
  return new Promise((resolve, reject) => {
    process.stdout.once('error', (error) => (isErrno(error, 'EPIPE') ? resolve() : reject(error)));
    process.stdout.write(bytes, (error) => {
      if (!error) resolve();
    });
  });
}

/** Rows in columns that are as wide as they need to be. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd();
  return `${rows.map(line).join('\n')}\n`;
}
