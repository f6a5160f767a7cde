import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runWatched, startWatched, waitingFor } from '../watched.mjs';

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

describe('a process that is started ahead of its turn', () => {
  const module = (name) => JSON.stringify(join(import.meta.dirname, '..', name));
  const mark = (name) => join(scratch, name);

  /** Writes its pid to a file, and once it has its turn whether it holds a descriptor of that. */
  function waiting() {
    for (const name of ['pid', 'turn']) rmSync(mark(name), { force: true });
    const script = `
      import { existsSync, writeFileSync } from 'node:fs';
      import awaitTurn from ${module('await-turn.mjs')};
      writeFileSync(${JSON.stringify(mark('pid'))}, String(process.pid));
      await awaitTurn();
      writeFileSync(${JSON.stringify(mark('turn'))}, String(existsSync('/proc/self/fd/3')));
    `;
    return ['--input-type=module', '--eval', script];
  }

  test('goes on when that comes, and holds no descriptor of it', async () => {
    const { go } = startWatched(waiting(), { cwd: scratch, scratch, stdout: 'pipe' });
    await there(mark('pid'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(existsSync(mark('turn'))).toBe(false);
    expect(await go(60_000)).toEqual({ code: 0, output: '' });
    expect(readFileSync(mark('turn'), 'utf8')).toBe('false');
  });

  test('ends when nobody is there any more to give it its turn', async () => {
    const starter = `
      import { startWatched } from ${module('watched.mjs')};
      startWatched(${JSON.stringify(waiting())}, { cwd: '/', scratch: ${JSON.stringify(scratch)}, stdout: 'ignore' });
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', starter], { stdio: 'ignore' });
    await there(mark('pid'));
    child.kill('SIGKILL');
    await gone(Number(readFileSync(mark('pid'), 'utf8')));
    expect(existsSync(mark('turn'))).toBe(false);
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

/** Resolves when there is such a file with something in it. */
async function there(path) {
  while (!statSync(path, { throwIfNoEntry: false })?.size) await new Promise((resolve) => setTimeout(resolve, 10));
}
