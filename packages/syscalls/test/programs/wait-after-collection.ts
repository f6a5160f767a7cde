/**
 * Waits for descriptors, drops what would end the waiting, collects garbage, and prints how many waits were answered. A
 * process of its own, for such a wait has no end. Run by host-calls.test.ts with --expose-gc.
 */
import { writeSync } from 'node:fs';
import { libc, pipe } from '@coracle/syscalls';

const COUNT = 10;
const pipes = Array.from({ length: COUNT }, () => pipe());
const called = new Set<number>();
for (const [reader] of pipes) libc().onReadable(reader, () => called.add(reader));

for (let round = 0; round < 5; round++) {
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
}
for (const [, writer] of pipes) writeSync(writer, 'x');
// A turn of the event loop or two are enough for all.
for (let turn = 0; turn < 100 && called.size < COUNT; turn++) await new Promise((resolve) => setImmediate(resolve));
console.log(`called ${called.size} of ${COUNT}`);
process.exit();
