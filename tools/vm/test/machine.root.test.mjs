// Each test boots a machine: a few seconds, more on a busy computer.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { runInMachine } from '../machine.mjs';
import { findParts } from '../parts.mjs';

const RUN = join(import.meta.dirname, '../run.mjs');
const MACHINE_MS = 150_000; // a machine that does not boot says so after two minutes
const MINUTES = 180_000;

const missing = reason();
const machine = missing ? describe.skip : describe;

function reason() {
  try {
    findParts();
    return '';
  } catch (error) {
    return ` (skipped: ${error.message})`;
  }
}

/** Runs a shell script in a machine. Jest's limits cannot help while this waits, so it has one of its own. */
function inMachine(options, script) {
  const args = [RUN, ...options, '--', 'sh', '-c', script];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    timeout: MACHINE_MS,
    killSignal: 'SIGKILL',
  });
  return { status, stdout, stderr };
}

function leftovers() {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('coracle-vm-'));
}

machine(`a machine${missing}`, () => {
  // Where machines do not boot, one says why; the others need not wait for it too.
  beforeAll(() => {
    const { status, stderr } = inMachine([], 'exit 0');
    if (status !== 0) throw new Error(`No machine boots here (${status}): ${stderr}`);
  }, MINUTES);

  test(
    'has the exit code, the output and the error output of its command, whatever outlives that',
    () => {
      const { status, stdout, stderr } = inMachine([], 'seq 200000; echo problem >&2; sleep 1000 & exit 7');
      expect({ status, stderr }).toEqual({ status: 7, stderr: 'problem\n' });
      expect(stdout).toBe(Array.from({ length: 200_000 }, (_, i) => `${i + 1}\n`).join(''));
    },
    MINUTES,
  );

  test(
    'runs it as root on cgroup v2 with all controllers, in the same directory, and keeps no change',
    () => {
      const script = [
        'id -u; pwd; stat -f -c %T /sys/fs/cgroup; cat /proc/self/cgroup',
        'cat /sys/fs/cgroup/cgroup.subtree_control; cat /sys/class/net/lo/flags',
        'for d in /dev/pts /dev/shm /run /tmp; do stat -f -c %T $d; done',
        'echo changed >job.test.mjs && cat job.test.mjs',
      ].join('\n');
      expect(inMachine([], script)).toEqual({
        status: 0,
        stdout: [
          ...['0', import.meta.dirname, 'cgroup2fs', '0::/', 'cpuset cpu io memory hugetlb pids rdma misc', '0x9'],
          ...['devpts', 'tmpfs', 'tmpfs', 'tmpfs', 'changed', ''],
        ].join('\n'),
        stderr: '',
      });
      expect(readdirSync(import.meta.dirname)).toContain('job.test.mjs');
      expect(
        spawnSync('head', ['-1', join(import.meta.dirname, 'job.test.mjs')], { encoding: 'utf8' }).stdout,
      ).not.toBe('changed\n');
    },
    MINUTES,
  );

  test(
    'gives a delegated user a subtree to divide, and nothing outside of it',
    () => {
      const script = [
        'id -u; cat /proc/self/cgroup; cd $CORACLE_DELEGATED_CGROUP; pwd',
        'mkdir box; echo +pids +memory >cgroup.subtree_control; echo 5 >box/pids.max; cat box/pids.max',
        'echo $$ >box/cgroup.procs; cat /proc/self/cgroup',
        'echo 5 >pids.max; mkdir /sys/fs/cgroup/other; echo $$ >/sys/fs/cgroup/cgroup.procs',
      ].join('\n');
      const { stdout, stderr } = inMachine(['--delegate', '4242'], script);
      expect(stdout.split('\n')).toEqual([
        ...['4242', '0::/user-4242/leaf', '/sys/fs/cgroup/user-4242', '5', '0::/user-4242/box', ''],
      ]);
      expect(stderr.match(/Permission denied/g)).toHaveLength(3);
    },
    MINUTES,
  );

  test(
    'says so when it stops by itself, with the last words of its kernel',
    () => {
      const { status, stderr } = inMachine([], 'echo c >/proc/sysrq-trigger');
      expect(status).toBe(125);
      expect(stderr).toMatch(/^coracle-vm: The machine stopped by itself\. The last it said:\n[\s\S]*sysrq/);
    },
    MINUTES,
  );

  test(
    'is ended when its time is up',
    () => {
      expect(inMachine(['--timeout', '1'], 'sleep 1000')).toEqual({
        status: 124,
        stdout: '',
        stderr: 'coracle-vm: The command did not end in 1 s\n',
      });
      expect(leftovers()).toEqual([]);
    },
    MINUTES,
  );

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])(
    '%s ends it, and leaves neither process nor file',
    async (signal, code) => {
      const script = 'cat /proc/sys/kernel/hostname; sleep 1000';
      const child = spawn(process.execPath, [RUN, '--', 'sh', '-c', script], { cwd: import.meta.dirname });
      let emulators;
      let status;
      try {
        await firstOutput(child);
        emulators = childrenOf(child.pid);
        const ended = new Promise((resolve) => child.once('close', resolve));
        child.kill(signal);
        status = await ended;
      } finally {
        child.kill('SIGKILL'); // as long as it lives, Jest does not end
      }
      expect(status).toBe(code);
      expect(emulators).toHaveLength(1);
      expect(readdirSync('/proc')).not.toContain(emulators[0]);
      expect(leftovers()).toEqual([]);
    },
    MINUTES,
  );

  test('does not wait for a machine that KVM has given up', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'coracle-emulator-'));
    const emulator = join(directory, 'qemu');
    try {
      writeFileSync(emulator, '#!/bin/sh\necho "KVM internal error. Suberror: 1" >&2\nexec sleep 1000');
      chmodSync(emulator, 0o755);
      const nowhere = new Writable();
      const job = { command: ['true'], cwd: import.meta.dirname, env: {} };
      await expect(
        runInMachine({ parts: { ...findParts(), emulator }, job, stdout: nowhere, stderr: nowhere }),
      ).rejects.toMatchObject({ code: 'EBOOT', message: expect.stringMatching(/KVM internal error.*\/dev\/kvm/) });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

/** Waits for a program to say something; one that ends without doing so is an error that says what it complained of. */
async function firstOutput(child) {
  const complaint = text(child.stderr);
  const ended = new Promise((resolve) => child.once('close', resolve));
  const said = new Promise((resolve) => child.stdout.once('data', () => resolve('output')));
  const event = await Promise.race([said, ended]);
  if (event !== 'output') throw new Error(`It ended (${event}) without output: ${await complaint}`);
}

function childrenOf(pid) {
  return spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .stdout.split(/\s+/)
    .filter(Boolean);
}
