import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BusyboxRootfs, findLeftovers, makeBusyboxRootfs, needs } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { builtRuntime, groupsNamed, type Said, until } from './runtime.ts';

const PROGRAMS = ['containerd', 'ctr', 'containerd-shim-runc-v2', 'runc', 'busybox'].map((name) => needs.program(name));
const canTry = needs.root.met && PROGRAMS.every(({ met }) => met);

/** A namespace of containerd, which is the name of the cgroup above its containers too. */
const NAMESPACE = `coracle-ctr-${process.pid}`;

/** Where its shims keep their sockets, whatever it is told. */
const SHIMS = '/run/containerd';
const hadShims = existsSync(SHIMS);

let before: ReturnType<typeof findLeftovers>;
let directory: string;
let daemon: ChildProcess;
let rootfs: BusyboxRootfs;
let ours: string;

/** Its own containerd, with all it keeps in a directory of its own. */
beforeAll(async () => {
  if (!canTry) return;
  before = findLeftovers();
  ours = builtRuntime();
  rootfs = makeBusyboxRootfs();
  directory = mkdtempSync(join(tmpdir(), 'oci-containerd-'));
  const config = `version = 2
root = "${directory}/root"
state = "${directory}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${directory}/sock"
[ttrpc]
  address = "${directory}/ttrpc"
`;
  writeFileSync(join(directory, 'config.toml'), config);
  daemon = spawn('containerd', ['--config', join(directory, 'config.toml')], { stdio: 'ignore' });
  await until('containerd answers', () => ctr('version').status === 0);
});

afterAll(async () => {
  if (!canTry) return;
  const gone = new Promise((resolve) => daemon.on('exit', resolve));
  daemon.kill();
  await gone;
  rootfs[Symbol.dispose]();
  rmSync(directory, { recursive: true });
  for (const path of groupsNamed(NAMESPACE)) rmdirSync(path); // containerd leaves it
  if (!hadShims) rmSync(SHIMS, { recursive: true, force: true });
  expect(findLeftovers()).toEqual(before);
});

function ctr(...words: string[]): Said {
  const { status, stdout, stderr } = spawnSync(
    'ctr',
    ['--namespace', NAMESPACE, '--address', join(directory, 'sock'), ...words],
    {
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  return { status, out: stdout, error: stderr };
}

needs.describe(needs.root, ...PROGRAMS)('containerd', () => {
  const test = needs.test();
  const run = (options: readonly string[], id: string, ...command: string[]): Said =>
    ctr('run', ...options, '--runc-binary', ours, '--rootfs', rootfs.path, id, ...command);

  test('runs a program to its end, and tells of one that is not there', () => {
    expect(run(['--rm'], 'box', 'sh', '-c', 'echo hello; exit 4')).toMatchObject({ status: 4, out: 'hello\n' });
    expect(run(['--rm'], 'box', 'nothing')).toMatchObject({
      status: 1,
      error: expect.stringContaining('executable file not found in $PATH'),
    });
  });

  test('keeps one in the background, enters, pauses, measures and ends it, and is told that nothing is checkpointed', async () => {
    expect(run(['--detach'], 'box', 'sleep', '1000').status).toBe(0);
    try {
      expect(ctr('task', 'exec', '--exec-id', 'one', 'box', 'sh', '-c', 'echo inside; exit 6')).toMatchObject({
        status: 6,
        out: 'inside\n',
      });
      expect(ctr('task', 'pause', 'box').status).toBe(0);
      expect(ctr('task', 'ls').out).toContain('PAUSED');
      expect(ctr('task', 'resume', 'box').status).toBe(0);
      expect(ctr('task', 'metrics', 'box').out).toMatch(/pids\.current +1/);
      const { status, error } = ctr('task', 'checkpoint', 'box');
      expect({ status, error }).toEqual({ status: 1, error: expect.stringContaining('not supported by this runtime') });
      expect(ctr('task', 'kill', '--signal', 'SIGKILL', 'box').status).toBe(0);
      await until('it has ended', () => ctr('task', 'ls').out.includes('STOPPED'));
    } finally {
      ctr('task', 'delete', '--force', 'box');
      ctr('container', 'delete', 'box');
    }
    expect(ctr('container', 'ls', '--quiet').out).toBe('');
  }, 120_000);
});
