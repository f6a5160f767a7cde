import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { detect, plan } from '@coracle/cgroups';
import { bundledProgram, needs } from '@coracle/test-support';
import { expect, test } from '@jest/globals';

const ROOT = new URL('../../..', import.meta.url).pathname;
const [NODE, LIMIT] = await bundledProgram(new URL('../limit.ts', import.meta.url));
const { pids, memory, cpus } = detect().resources;
const can = {
  what: 'limits of pids, memory and cpus',
  met: [pids, memory, cpus].every(({ version }) => version !== undefined),
};

function limit(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(NODE, [LIMIT, ...args], { cwd: ROOT, encoding: 'utf8' });
}

needs.describe(can)('limit', () => {
  test('runs the command, gives its exit code, and sums up', () => {
    const { status, stdout, stderr } = limit(
      '--pids',
      '20',
      '--memory',
      '256m',
      '--',
      'sh',
      '-c',
      'echo "$1"; exit 3',
      'sh',
      '--x',
    );
    expect([status, stdout]).toEqual([3, '--x\n']);
    expect(stderr).toMatch(/^limit: peak memory [\d.]+ MiB, cpu [\d.]+ s/);
  });

  test('more processes than allowed are refused, and counted', () => {
    const fork =
      'for (1..5) { my $p = fork; if (!defined $p) { $n++ } elsif (!$p) { sleep 60; exit } } print "$n refused"';
    const { stdout, stderr } = limit('--pids', '3', '--', 'perl', '-e', fork);
    expect(stdout).toBe('3 refused');
    expect(stderr).toContain('3 times no further process was allowed');
  });

  test('who wants too much memory is killed: the exit code and the sum say so', () => {
    const hog = 'let all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1));';
    const { status, stderr } = limit('--memory', '100m', '--', process.execPath, '-e', hog);
    expect(status).toBe(137);
    expect(stderr).toMatch(/[1-9]\d* killed for want of memory/);
  });

  test('a busy command is throttled', () => {
    const { stderr } = limit('--cpus', '0.1', '--', 'timeout', '1', 'sh', '-c', 'while :; do :; done');
    expect(stderr).toMatch(/throttled [1-9]\d* times for [\d.]+ s/);
  });

  test('a signal is passed on, and nothing is left: not what the command started, and not the group', async () => {
    const script = 'trap "echo got; exit 9" TERM; (trap "" TERM; exec sleep 1000) & echo up; while :; do wait $!; done';
    const child = spawn(NODE, [LIMIT, '--pids', '20', '--', 'bash', '-c', script], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const name = `limit-${child.pid}`;
    const ended = once(child, 'exit');
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
      if (String(chunk).includes('up')) child.kill('SIGTERM');
    });
    expect(await ended).toEqual([9, null]);
    expect(output).toBe('up\ngot\n');
    const directories = plan({ name })?.directories ?? [];
    expect(directories.length).toBeGreaterThan(0);
    expect(directories.filter(existsSync)).toEqual([]);
  });

  test('what cannot be meant is 125, with the word that is wrong, and nothing is run', () => {
    const { status, stdout, stderr } = limit('--memory', 'much', '--', 'echo', 'it ran');
    expect([status, stdout]).toEqual([125, '']);
    expect(stderr).toContain('much');
  });
});

test('without a command it says how it is used', () => {
  const { status, stderr } = limit('--pids', '3');
  expect([status, stderr]).toEqual([125, expect.stringContaining('usage: limit')]);
});
