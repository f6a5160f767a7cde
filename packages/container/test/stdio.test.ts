import { once } from 'node:events';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { openStdio, type StdioOption } from '../src/stdio.ts';

test.each([
  [0, 'stdin'],
  [1, 'stdout'],
  [2, 'stderr'],
])('a directory as descriptor %i is refused: all of the host could be opened through it', (index, name) => {
  const directory = openSync('/', 'r');
  try {
    const options: [StdioOption, StdioOption, StdioOption] = ['ignore', 'ignore', 'ignore'];
    options[index] = directory;
    expect(() => openStdio(options)).toThrow(expect.objectContaining({ option: name, code: 'ERR_CORACLE_OPTION' }));
  } finally {
    closeSync(directory);
  }
});

test('a file, a device and a descriptor that is closed are not', () => {
  const file = openSync('/etc/passwd', 'r');
  const stdio = openStdio([file, 'inherit', 1_000_000]);
  expect(stdio.fds).toEqual([file, 1, 1_000_000]);
  stdio.release();
  closeSync(file);
});

test('pipes are closed when there is no container after all, whether a stream was made of them or not', async () => {
  const open = (): string[] => readdirSync('/proc/self/fd');
  const before = open();
  openStdio(['pipe', 'pipe', 'pipe']).discard();
  expect(open()).toEqual(before);
  const { stdout, discard } = openStdio(['pipe', 'pipe', 'pipe']);
  discard();
  await once(stdout?.stream ?? process.stdout, 'close');
  expect(open()).toEqual(before);
});
