import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runWatched, waitingFor } from '../watched.mjs';

const LIMIT_MS = 2_000; // more than Node needs to start on a busy machine

let scratch;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'coracle-watched-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

function run(script, limitMs = LIMIT_MS) {
  const args = ['--input-type=module', '--eval', script];
  return runWatched(args, { cwd: scratch, scratch, stdout: 'pipe', limitMs });
}

describe('a process that ends in time', () => {
  test('has its exit code and its output', async () => {
    expect(await run('process.stdout.write("a"); process.exitCode = 7', 60_000)).toEqual({ code: 7, output: 'a' });
  });
});

describe('a process that does not end', () => {
  test('is ended with what it has started, and says what it was waiting for', async () => {
    const { code, output, overdue } = await run(`
      import { spawn } from 'node:child_process';
      setTimeout(() => {}, 1_000_000);
      const { pid } = spawn('sh', ['-c', 'sleep 4321; true'], { stdio: 'ignore' });
      process.stdout.write(String(pid));
    `);
    expect(code).toBe(null);
    expect(overdue).toMatch(/^It was waiting for: timer \(99\d s\), process \d+\.\n/);
    expect(overdue).toContain(`process ${output}: sh -c sleep 4321; true\n`);
    expect(overdue).toMatch(/process \d+: sleep 4321$/);
    for (const [, pid] of overdue.matchAll(/^process (\d+):/gm)) await gone(pid);
  });

  test('says that it cannot answer where it waits in a synchronous call', async () => {
    const { code, overdue } = await run(`
      import { spawnSync } from 'node:child_process';
      spawnSync('sleep', ['4322']);
    `);
    expect(code).toBe(null);
    expect(overdue).toMatch(/^It did not answer a signal.*\nprocess \d+: sleep 4322$/);
  });
});

test('handles that are closed or do not count are not waited for', () => {
  const libuv = [
    { type: 'timer', is_active: true, is_referenced: false, firesInMsFromNow: 1 },
    { type: 'pipe', is_active: false, is_referenced: true, fd: 19 },
    { type: 'loop', is_active: true },
  ];
  expect(waitingFor({ libuv })).toBe('It was waiting for: nothing that Node knows of.');
  expect(waitingFor({ libuv: [...libuv, { type: 'pipe', is_active: true, is_referenced: true, fd: 21 }] })).toBe(
    'It was waiting for: pipe (descriptor 21).',
  );
});

/** An orphan is there until its new parent has taken note of its end. */
async function gone(pid) {
  while (statSync(`/proc/${pid}`, { throwIfNoEntry: false })) await new Promise((resolve) => setTimeout(resolve, 10));
}
