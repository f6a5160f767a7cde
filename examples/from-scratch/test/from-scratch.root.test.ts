import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needs } from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const steps = join(dirname(fileURLToPath(import.meta.url)), '..');
const tsxLoader = join(dirname(fileURLToPath(import.meta.url)), '../../../node_modules/tsx/dist/loader.mjs');
const tsx = join(steps, '../../node_modules/tsx/dist/cli.mjs');

/** A root of busybox needs the static one; the steps themselves need root, as the exercise does. */
needs.describe(needs.root, needs.program('busybox'))('the exercise, step by step', () => {
  let directory: string;
  const outside = hostname();

  function run(step: string, ...args: string[]): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } {
    return spawnSync(process.execPath, [tsx, '--conditions=@coracle/source', join(steps, step), ...args], {
      cwd: directory,
      encoding: 'utf8',
      timeout: 30_000,
    });
  }

  function groups(): string {
    return spawnSync('find', ['/sys/fs/cgroup', '-name', 'container_cg'], { encoding: 'utf8' }).stdout;
  }

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'from-scratch-'));
    expect(run('make-rootfs.ts').status).toBe(0);
  });

  afterAll(() => {
    rmSync(directory, { recursive: true });
    expect(hostname()).toBe(outside);
  });

  test('the root has the shell that the exercise asks for, by its name', () => {
    expect(run('2-chroot.ts', 'run', 'bash', '-c', 'echo "$0 $1"; exit 4', 'here', 'there')).toMatchObject({
      status: 4,
      stdout: 'here there\n',
    });
  });

  test('1: a process is started, and its exit code passed on', () => {
    expect(run('1-process.ts', 'run', 'sh', '-c', 'echo here; exit 3')).toMatchObject({ status: 3, stdout: 'here\n' });
  });

  test('2: it sees only the files below ./container', () => {
    expect(run('2-chroot.ts', 'run', 'ls', '/').stdout).toBe('bin\netc\nproc\ntmp\n');
  });

  test('3: it can change its hostname and the host keeps its own', () => {
    expect(run('3-uts.ts', 'run', 'sh', '-c', 'hostname boat; hostname').stdout).toBe('boat\n');
    expect(hostname()).toBe(outside);
  });

  test('4: its hostname is set', () => {
    expect(run('4-hostname.ts', 'run', 'hostname').stdout).toBe('container\n');
    expect(hostname()).toBe(outside);
  });

  test('5: it is process 1 and can signal nobody outside', () => {
    const { stdout, stderr } = run('5-pid.ts', 'run', 'sh', '-c', `echo $$; kill -0 ${process.pid}`);
    expect(stdout).toBe('1\n');
    expect(stderr).toContain('No such process');
  });

  test('6: ps shows the container and nothing else', () => {
    const { stdout } = run('6-proc.ts', 'run', 'sh', '-c', 'ps; true');
    expect(stdout).toMatch(/\n\s+1 /);
    expect(stdout.trim().split('\n').length).toBeLessThanOrEqual(4);
    expect(existsSync(join(directory, 'container/proc/self'))).toBe(false);
  });

  test('7: a fork bomb stops at twenty processes, and the group is gone afterwards', () => {
    const bomb = `${Array(30).fill('sleep 1').join(' | ')} && echo started all`;
    const { stdout, stderr } = run('7-cgroup.ts', 'run', 'sh', '-c', bomb);
    expect(stderr).toMatch(/can't fork|Resource temporarily unavailable/);
    expect(stdout).not.toContain('started all');
    expect(groups()).toBe('');
  });

  test('7: the group is gone after an error, too', () => {
    expect(run('7-cgroup.ts', 'run', 'no-such').stderr).toContain('could not start no-such');
    expect(groups()).toBe('');
  });

  test.each([
    ['6-proc.ts', 'SIGKILL'],
    ['7-cgroup.ts', 'SIGINT'],
  ] as const)('%s: nothing goes on inside after %s', async (step, signal) => {
    const child = spawn(
      process.execPath,
      [
        '--conditions=@coracle/source',
        '--import',
        tsxLoader,
        join(steps, step),
        'run',
        'sh',
        '-c',
        'echo up; sleep 100',
      ],
      { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    child.kill(signal);
    // The program inside holds the pipe too: it closes when both have ended.
    await new Promise<void>((resolve) => child.stdout.once('close', () => resolve()).resume());
    expect(groups()).toBe('');
  });

  test('a program that is missing is an error, not a hang', () => {
    expect(run('6-proc.ts', 'run', '/bin/no-such').stderr).toContain(
      "ENOENT: no such file or directory, execve '/bin/no-such'",
    );
  });
});
