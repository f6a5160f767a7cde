/**
 * Runs containers for a test as another user, or as one with other descriptors and another terminal: options come in and
 * results go out, one a line. With requests as arguments, those are all.
 */
import { createInterface } from 'node:readline';
import { run } from '../../../src/index.ts';
import type { Reply, Request } from './ways.ts';

function reply(message: Reply): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function serve(line: string): Promise<void> {
  const { id, command, options }: Request = JSON.parse(line);
  return run(command, options).then(
    ({ exitCode, signal, stdout, stderr, isolation }) =>
      reply({ id, ended: { exitCode, signal, stdout, stderr, isolation } }),
    (error: unknown) => {
      const { code, syscall, message, hint } = { code: '', syscall: '', message: String(error), ...Object(error) };
      reply({ id, refused: { code, syscall, message: error instanceof Error ? error.message : message, hint } });
    },
  );
}

const given = process.argv.slice(2);
for (const line of given) await serve(line);
if (given.length === 0) for await (const line of createInterface({ input: process.stdin })) void serve(line);
