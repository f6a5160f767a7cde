import { readdirSync, readFileSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import { runProgram } from '@coracle/syscalls';
import { expect, test } from '@jest/globals';

const sh = (script: string, timeoutMs = 10_000) => runProgram('/bin/sh', ['-c', script], { timeoutMs });
const openFds = (): number => readdirSync('/proc/self/fd').length;

test('a program is run with its arguments and this environment, and has nothing to read', async () => {
  process.env['CORACLE_SEEN'] = 'yes';
  const { end, output } = await sh('echo "$CORACLE_SEEN"; cat; echo no >&2; exit 3');
  expect(end).toMatchObject({ exitCode: 3 });
  expect(output).toBe('yes\nno\n');
  delete process.env['CORACLE_SEEN'];
  expect((await sh('kill -9 $$')).end).toMatchObject({ signal: 9 });
});

test('it has three descriptors, and none of them is left here', async () => {
  await sh('true');
  const before = openFds();
  const { output } = await sh('ls -l /proc/$$/fd');
  expect(output.match(/socket:/g)).toHaveLength(2);
  expect(output.match(/-> \/dev\/null/g)).toHaveLength(1);
  expect(openFds()).toBe(before);
});

test('one that takes too long is killed, and buried', async () => {
  const { end, output } = await sh('echo $$; trap "" TERM; while :; do sleep 1; done', 300);
  expect(end).toBeUndefined();
  const isThere = (): string => readFileSync(`/proc/${output.trim()}/stat`, 'utf8');
  expect(isThere).toThrow('ENOENT');
});

test('what a program says is kept as far as it is of use', async () => {
  const { end, output } = await sh('head -c 100000 /dev/zero | tr "\\0" x');
  expect(end).toMatchObject({ exitCode: 0 });
  expect(output).toHaveLength(8192);
});

test.each([
  ['/bin/absent', 'ENOENT'],
  ['/etc/passwd', 'EACCES'],
] as const)('%s cannot be run: %s', async (path, code) => {
  const before = openFds();
  const failure = await runProgram(path, [], { timeoutMs: 1000 }).catch((error) => error);
  expect(isErrno(failure, code)).toBe(true);
  expect(failure.message).toContain(path);
  expect(openFds()).toBe(before);
});
