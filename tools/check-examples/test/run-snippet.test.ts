import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runSnippet } from '../src/run-snippet.ts';

const cwd = join(import.meta.dirname, '../../../packages/errors');

function run(code: string, timeoutMs?: number) {
  return runSnippet(
    { file: 'README.md', line: 1, code, kind: 'run' },
    { cwd, built: false, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
  );
}

test('a program that ends well is no failure', async () => {
  const code =
    "import { errnoNumber } from '@coracle/errors';\nconst n: number = errnoNumber('EPERM');\nif (n !== 1) throw n;";
  expect(await run(code)).toBeUndefined();
}, 60_000);

test('one that throws is, with what it printed', async () => {
  const failure = await run("console.log('so far'); throw new Error('and no further');");
  expect(failure?.reason).toBe('exit code 1');
  expect(failure?.output).toMatch(/so far[\s\S]*and no further/);
}, 60_000);

test('one that never ends is ended', async () => {
  expect((await run('setInterval(() => {}, 1000);', 1500))?.reason).toBe('SIGKILL');
}, 60_000);
