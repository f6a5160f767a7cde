import { existsSync, mkdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '@coracle/oci-spec';
import { validateState } from '@coracle/oci-spec/validate';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { Bundle, groupsNamed, Runtime, type Said, testRuntime, until } from '../runtime.ts';

let ours: string;
testRuntime((path) => {
  ours = path;
});

const GROUP = `coracle-oci-test-${process.pid}/box`;
const SLEEP = ['sleep', '1000'];
const VERBS = ['state', 'create', 'start', 'kill', 'delete'] as const;

interface Scene extends Disposable {
  bundle: Bundle;
  runtime: Runtime;
  call: (...words: string[]) => Said;
  create: (id?: string) => Said;
  status: () => unknown;
  pid: () => number;
}

function scene(args: readonly string[], change?: (config: Config) => Config): Scene {
  const bundle = new Bundle();
  const runtime = new Runtime(ours);
  bundle.configure(args, change);
  const call = (...words: string[]): Said => runtime.call(words);
  return {
    bundle,
    runtime,
    call,
    create: (id = 'box') => call('create', '--bundle', bundle.path, id),
    status: () => runtime.stateOf('box')?.['status'],
    pid: () => Number(runtime.stateOf('box')?.['pid']),
    [Symbol.dispose]: () => {
      runtime[Symbol.dispose]();
      bundle[Symbol.dispose]();
    },
  };
}

/** What there is of a container on the machine, beside its bundle. */
const traces = ({ runtime }: Scene): unknown => ({ left: runtime.left(), groups: groupsNamed(GROUP) });
const NOTHING = { left: [], groups: [] };

/** Configurations that cannot be had, each by something else. */
const IMPOSSIBLE: readonly ((config: Config) => Config)[] = [
  (config) => ({ ...config, root: { path: '/nowhere' } }),
  (config) => ({ ...config, mounts: [{ destination: '/a', type: 'bind', source: '/nowhere', options: ['bind'] }] }),
  (config) => ({ ...config, mounts: [...(config.mounts ?? []), { destination: '/a', type: 'nofs', source: 'none' }] }),
  (config) => ({ ...config, linux: { ...config.linux, intelRdt: {} } }),
  (config) => ({ ...config, linux: { ...config.linux, sysctl: { 'kernel.msgmax': 'much' } } }),
];

needs.describe(needs.root, needs.program('busybox'))('runtime.md', () => {
  const test = needs.test();

  test('runtime.md#runtimeState: in every status the state has what is required, in the form of the schema', async () => {
    using it = scene(SLEEP, (config) => ({ ...config, annotations: { 'org.example': 'yes' } }));
    const looks = (status: string): void => {
      const state = it.runtime.stateOf('box');
      expect(() => validateState(state)).not.toThrow();
      expect(state).toMatchObject({
        ociVersion: '1.3.0',
        id: 'box',
        status,
        bundle: it.bundle.path,
        annotations: { 'org.example': 'yes' },
      });
      if (status !== 'stopped') expect(existsSync(`/proc/${state?.['pid']}`)).toBe(true);
    };
    it.create();
    looks('created');
    it.call('start', 'box');
    looks('running');
    it.call('kill', 'box', 'KILL');
    await until('it has ended', () => it.status() === 'stopped');
    looks('stopped');
  });

  test('runtime.md#runtimeState: a status of our own stands for a state that has no other name', () => {
    using it = scene(SLEEP);
    it.create();
    it.call('start', 'box');
    it.call('pause', 'box');
    expect(it.status()).toBe('paused');
    it.call('resume', 'box');
    expect(it.status()).toBe('running');
  });

  test('runtime.md#runtimeState, runtime.md#runtimeCreate: an id that is taken is an error, and who has it stays as it is', () => {
    using it = scene(SLEEP);
    expect(it.create().status).toBe(0);
    const pid = it.pid();
    expect(it.create()).toMatchObject({ status: 1, error: expect.stringContaining('already exists') });
    expect([it.status(), it.pid(), it.runtime.left()]).toEqual(['created', pid, ['box']]);
  });

  test('runtime.md#runtimeScopeContainer: who created a container can use every operation on it', async () => {
    using it = scene(SLEEP);
    const codes = [it.create(), it.call('state', 'box'), it.call('start', 'box'), it.call('kill', 'box', 'KILL')];
    await until('it has ended', () => it.status() === 'stopped');
    expect([...codes, it.call('delete', 'box')].map(({ status }) => status)).toEqual([0, 0, 0, 0, 0]);
  });

  test('runtime.md#runtimeLifecycle: create makes the environment, and start runs the program', async () => {
    using it = scene(['sh', '-c', 'echo ran >/ran; exec sleep 1000'], (config) => ({
      ...config,
      hostname: 'boat',
      root: { path: config.root.path, readonly: false },
    }));
    it.create();
    for (const kind of ['mnt', 'pid', 'net', 'ipc', 'uts'])
      expect(readlinkSync(`/proc/${it.pid()}/ns/${kind}`)).not.toBe(readlinkSync(`/proc/self/ns/${kind}`));
    expect(groupsNamed(GROUP).length).toBeGreaterThan(0);
    // All that is not of the process is in force: a further program sees it.
    expect(it.call('exec', 'box', 'sh', '-c', 'hostname; ls /proc/1/stat; cat /sys/kernel/x /proc/kcore').out).toBe(
      'boat\n/proc/1/stat\n',
    );
    expect(existsSync(join(it.bundle.rootfs, 'ran'))).toBe(false);
    it.call('start', 'box');
    await until('it has run', () => existsSync(join(it.bundle.rootfs, 'ran')));
  });

  test('runtime.md#runtimeLifecycle: what is changed in config.json after create has no effect', async () => {
    const program = (name: string): string[] => ['sh', '-c', `echo >/${name}; exec sleep 1000`];
    const writable = (config: Config): Config => ({ ...config, root: { path: config.root.path, readonly: false } });
    using it = scene(program('first'), writable);
    it.create();
    it.bundle.configure(program('second'), (config) => ({ ...writable(config), hostname: 'other' }));
    it.call('start', 'box');
    await until('it has run', () => existsSync(join(it.bundle.rootfs, 'first')));
    expect(existsSync(join(it.bundle.rootfs, 'second'))).toBe(false);
  });

  test('runtime.md#runtimeLifecycle, runtime.md#runtimeErrors: what cannot be made is an error, and all is as it was', () => {
    for (const change of IMPOSSIBLE) {
      using it = scene(SLEEP, change);
      expect(it.create()).toMatchObject({ status: 1, error: expect.stringContaining('level=error') });
      expect(traces(it)).toEqual(NOTHING);
    }
  });

  test('runtime.md#runtimeWarnings: a warning does not change the flow', () => {
    using it = scene(['true'], (config) => {
      const process = config.process ?? { cwd: '/', args: ['true'], user: { uid: 0, gid: 0 } };
      return { ...config, process: { ...process, capabilities: { bounding: ['CAP_FLY', 'CAP_KILL'] } } };
    });
    expect(it.call('run', '--bundle', it.bundle.path, 'box')).toMatchObject({
      status: 0,
      error: expect.stringMatching(/level=warning .*CAP_FLY/),
    });
  });

  for (const verb of VERBS)
    test(`runtime.md#runtimeOperations: ${verb} without the id of a container is an error`, () => {
      using it = scene(SLEEP);
      const words = verb === 'create' ? ['--bundle', it.bundle.path] : [];
      expect(it.call(verb, ...words).status).toBe(1);
      expect(traces(it)).toEqual(NOTHING);
    });

  test('runtime.md#runtimeOperations: each operation on a container that does not exist is an error', () => {
    using it = scene(SLEEP);
    for (const verb of ['state', 'start', 'kill', 'delete'])
      expect(it.call(verb, 'nobody')).toMatchObject({ status: 1, error: expect.stringContaining('does not exist') });
  });

  test('runtime.md#runtimeCreate: without a bundle, and with an id that cannot be one, it is an error', () => {
    using it = scene(SLEEP);
    expect(it.call('create', 'box')).toMatchObject({ status: 1, error: expect.stringContaining('config.json') });
    for (const id of ['a/b', '..', '.', 'a b', 'x'.repeat(300)]) expect(it.create(id).status).toBe(1);
    expect(traces(it)).toEqual(NOTHING);
  });

  test('bundle.md#containerFormat: config.json is at the top of the bundle, by that name, and paths begin there', () => {
    using it = scene(['true'], (config) => ({ ...config, root: { path: 'below/rootfs' } }));
    mkdirSync(join(it.bundle.path, 'below/rootfs'), { recursive: true });
    // The root that is meant has no program.
    expect(it.create()).toMatchObject({ status: 1, error: expect.stringContaining('executable file not found') });
    writeFileSync(join(it.bundle.path, 'below/config.json'), readFileSync(join(it.bundle.path, 'config.json')));
    writeFileSync(join(it.bundle.path, 'Config.json'), readFileSync(join(it.bundle.path, 'config.json')));
    writeFileSync(join(it.bundle.path, 'config.json'), Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
    expect(it.create()).toMatchObject({ status: 1, error: expect.stringContaining('this is no UTF-8') });
  });

  test('runtime.md#runtimeStart: a container that is not created is not started, which is an error and changes nothing', async () => {
    using it = scene(SLEEP);
    it.create();
    it.call('start', 'box');
    const pid = it.pid();
    expect(it.call('start', 'box')).toMatchObject({ status: 1, error: expect.stringContaining('already running') });
    expect([it.status(), it.pid()]).toEqual(['running', pid]);
    it.call('kill', 'box', 'KILL');
    await until('it has ended', () => it.status() === 'stopped');
    expect(it.call('start', 'box').status).toBe(1);
    expect(it.status()).toBe('stopped');
  });

  test('runtime.md#runtimeStart, config.md#configProcess: without a process a container is created, and start is an error', () => {
    using it = scene(SLEEP, ({ process: _, ...config }) => config);
    expect(it.create()).toMatchObject({ status: 0, error: '' });
    expect(it.call('start', 'box')).toMatchObject({
      status: 1,
      error: expect.stringContaining('the container has no program to run'),
    });
    expect(it.status()).toBe('created');
  });

  test('runtime.md#runtimeKill: the signal that is named goes to the process of the container', async () => {
    using it = scene(
      ['sh', '-c', 'trap "echo usr >/got; exit 3" USR1; echo >/ready; while :; do sleep 0.05; done'],
      (config) => ({
        ...config,
        root: { path: config.root.path, readonly: false },
      }),
    );
    it.create();
    it.call('start', 'box');
    await until('it waits', () => existsSync(join(it.bundle.rootfs, 'ready')));
    expect(it.call('kill', 'box', 'USR1').status).toBe(0);
    await until('it has ended', () => it.status() === 'stopped');
    expect(readFileSync(join(it.bundle.rootfs, 'got'), 'utf8')).toBe('usr\n');
    // One that has ended is sent nothing.
    expect(it.call('kill', 'box', 'USR1')).toMatchObject({ status: 1, error: expect.stringContaining('not running') });
    expect(it.status()).toBe('stopped');
  });

  test('runtime.md#runtimeDelete: what runs is not deleted, which is an error and changes nothing', () => {
    using it = scene(SLEEP);
    it.create();
    it.call('start', 'box');
    const pid = it.pid();
    expect(it.call('delete', 'box')).toMatchObject({ status: 1, error: expect.stringContaining('not stopped') });
    expect([it.status(), it.pid()]).toEqual(['running', pid]);
  });

  test('runtime.md#runtimeDelete: what create made is deleted, and what was there before is not', async () => {
    const above = groupsNamed('.').map((top) => join(top, `coracle-oci-test-${process.pid}`));
    using it = scene(SLEEP);
    for (const group of above) mkdirSync(group, { recursive: true });
    it.create();
    const places = groupsNamed(GROUP);
    expect(places.length).toBeGreaterThan(0);
    it.call('start', 'box');
    it.call('kill', 'box', 'KILL');
    await until('it has ended', () => it.status() === 'stopped');
    expect(it.call('delete', 'box').status).toBe(0);
    expect(traces(it)).toEqual(NOTHING);
    expect(above.filter((group) => !existsSync(group))).toEqual([]);
    expect(existsSync(join(it.bundle.path, 'config.json')) && existsSync(join(it.bundle.rootfs, 'bin/sh'))).toBe(true);
    for (const group of above) rmdirSync(group);
    // Its id can be used again.
    expect(it.create().status).toBe(0);
  });

  test('runtime.md#runtimeDelete: one that is created and not started is ended and deleted, as runc has it', () => {
    using it = scene(SLEEP);
    it.create();
    expect(it.call('delete', 'box').status).toBe(0);
    expect(traces(it)).toEqual(NOTHING);
  });
});
