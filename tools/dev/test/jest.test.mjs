import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { runKernelTests } from '../jest.mjs';

const REPORT = {
  numPassedTests: 2,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  testResults: [],
};
const WRITE_REPORT = `
  const { writeFileSync } = require('node:fs');
  writeFileSync(process.argv[process.argv.indexOf('--outputFile') + 1], ${JSON.stringify(JSON.stringify(REPORT))});
`;
const STAY = 'setInterval(() => {}, 1_000_000);';

let root;
let stderr;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coracle-jest-'));
  mkdirSync(join(root, 'node_modules/jest/bin'), { recursive: true });
  stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  stderr.mockRestore();
  rmSync(root, { recursive: true });
});

/** Runs a script in the place of Jest. */
function run(script, limitMs, files = ['packages/a/test/a.root.test.ts']) {
  writeFileSync(join(root, 'node_modules/jest/bin/jest.js'), script);
  const place = { root, scratch: root, cache: join(root, 'cache') };
  return runKernelTests(
    place,
    files.map((file) => join(root, file)),
    [],
    limitMs,
  );
}

test.each([
  ['before its tests are over', STAY, 0, 'its tests were not over'],
  ['after its tests', WRITE_REPORT + STAY, 2, 'all of its tests were over, but something was left open'],
])('a file that hangs %s is ended, named, and counts as one failed test', async (_, script, passed, state) => {
  expect(await run(script, 2_000)).toMatchObject({ passed, failed: 1, skipped: 0 });
  expect(stderr.mock.calls).toHaveLength(1);
  const [said] = stderr.mock.calls[0];
  expect(said).toContain(`coracle: packages/a/test/a.root.test.ts was ended after 2 s; ${state}. `);
  expect(said).toMatch(/ It was waiting for: timer \(99\d s\)\.\n$/);
});

test('a file whose process dies does not get the numbers of the file before', async () => {
  expect(await run(WRITE_REPORT, 60_000)).toMatchObject({ passed: 2, failed: 0 });
  expect(await run('process.kill(process.pid, "SIGKILL");', 60_000)).toMatchObject({ passed: 0, failed: 1 });
});

/** Says in a file when it is started, and what it does in its turn. */
const IN_TURN = `
  const { appendFileSync, readSync } = require('node:fs');
  const file = process.argv.at(-1).split('/').at(-1);
  const say = (text) => appendFileSync(${JSON.stringify('LOG')}, file + ' ' + text + '\\n');
  say('is ready');
  readSync(3, Buffer.alloc(8));
  say('begins');
  setTimeout(() => say('ends'), 1500);
`;

test('files have their turn one after the other, and each gets ready during that of the one before', async () => {
  const log = join(root, 'log');
  await run(IN_TURN.replace('LOG', log), 60_000, ['packages/a/1', 'packages/a/2', 'packages/a/3']);
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  expect(lines.filter((line) => !line.includes('ready'))).toEqual([
    ...['1 begins', '1 ends', '2 begins', '2 ends', '3 begins', '3 ends'],
  ]);
  expect(lines.indexOf('3 is ready')).toBeGreaterThan(lines.indexOf('1 ends'));
  expect(lines.indexOf('3 is ready')).toBeLessThan(lines.indexOf('3 begins'));
});
