/**
 * Runs containers for a test as another user, or as one with other descriptors and another terminal: options come in and
 * results go out, one a line.
 */
import { createInterface } from 'node:readline';
import { run } from '../../../src/index.ts';
import type { Reply, Request } from './ways.ts';

function reply(message: Reply): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, command, options }: Request = JSON.parse(line);
  run(command, options).then(
    ({ exitCode, signal, stdout, stderr }) => reply({ id, ended: { exitCode, signal, stdout, stderr } }),
    (error: unknown) => {
      const { code, syscall, message } = { code: '', syscall: '', message: String(error), ...Object(error) };
      reply({ id, refused: { code, syscall, message: error instanceof Error ? error.message : message } });
    },
  );
}
