import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOOK_NAMES, type Hook, type HookName } from '@coracle/oci-spec';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { Bundle, groupsNamed, Runtime, testRuntime } from './runtime.ts';

let ours: string;
testRuntime((path) => {
  ours = path;
});

/** Kinds that run inside the root of the container, where only busybox is. */
const INSIDE: readonly HookName[] = ['startContainer'];

interface Scene extends Disposable {
  bundle: Bundle;
  runtime: Runtime;
  /** What the hooks have written, a line for each. */
  told(): string[];
}

/** A bundle with hooks of all kinds that tell what they see; some as `change` has them. */
function scene(program: string, change: (hook: Hook, name: HookName) => Hook = (hook) => hook): Scene {
  const bundle = new Bundle();
  const runtime = new Runtime(program);
  const log = join(bundle.rootfs, 'log');
  writeFileSync(log, '');
  chmodSync(log, 0o666);
  const hook = (name: HookName): Hook => {
    const file = INSIDE.includes(name) ? '/log' : log;
    const words = `read -r state; status=\${state#*'"status":"'}; echo ${name} \${status%%'"'*} $(hostname) $VARIABLE $0 $PWD >>${file}`;
    return change(
      {
        path: '/bin/sh',
        args: [INSIDE.includes(name) ? 'sh' : 'title', '-c', words],
        env: ['PATH=/bin:/usr/bin', 'VARIABLE=value'],
      },
      name,
    );
  };
  bundle.configure(['sh', '-c', 'echo program >>/log'], (config) => ({
    ...config,
    hostname: 'boat',
    root: { path: bundle.rootfs, readonly: false },
    hooks: Object.fromEntries(HOOK_NAMES.map((name) => [name, [hook(name)]])),
  }));
  return {
    bundle,
    runtime,
    told: () => readFileSync(log, 'utf8').trim().split('\n'),
    [Symbol.dispose]: () => {
      runtime[Symbol.dispose]();
      bundle[Symbol.dispose]();
    },
  };
}

/** The lifecycle went on behind the deletion. */
function expectGone(it: Scene): void {
  expect(it.runtime.stateOf('box')).toBeUndefined();
  expect(it.runtime.left()).toEqual([]);
  expect(groupsNamed(`coracle-oci-test-${process.pid}/box`)).toEqual([]);
  expect(it.told().at(-1)).toMatch(/^poststop stopped/);
}

const BUSYBOX = needs.program('busybox');

needs.describe(needs.root, BUSYBOX)('hooks', () => {
  const test = needs.test();

  test('run each at its moment, in its namespaces, with the state to read', () => {
    using it = scene(ours);
    expect(it.runtime.call(['create', '--bundle', it.bundle.path, 'box'])).toMatchObject({ status: 0, error: '' });
    expect(it.runtime.call(['start', 'box'])).toMatchObject({ status: 0, error: '' });
    expect(it.runtime.call(['delete', '--force', 'box'])).toMatchObject({ status: 0, error: '' });
    const lines = it.told().map((line) => line.split(' '));
    expect(lines.map(([name, status]) => `${name} ${status}`).filter((line) => !line.startsWith('program'))).toEqual([
      'prestart creating',
      'createRuntime creating',
      'createContainer creating',
      'startContainer created',
      'poststart running',
      'poststop stopped',
    ]);
    expect(lines.map(([name]) => name)).toContain('program');
    for (const [name = '', , host, variable, title] of lines.filter(([word]) => word !== 'program')) {
      // Busybox goes by its name.
      expect([variable, title]).toEqual(['value', INSIDE.includes(name as HookName) ? 'sh' : 'title']);
      // The hostname is set after the root was changed: before, the namespace has that of the host.
      expect([name, host === 'boat']).toEqual([name, INSIDE.includes(name as HookName)]);
    }
  });

  // As those do that bring in devices and their libraries; with a peer: `runc run` shows all three.
  for (const words of [[], ['--no-pivot']]) {
    const how = words.length > 0 ? ` (${words})` : '';
    test(`what hooks mount where the root lies on the host, from inside the mount namespace, the container has${how}`, () => {
      using it = scene(ours);
      const { path, rootfs } = it.bundle;
      for (const name of ['library', 'tool']) writeFileSync(join(path, name), `${name} of the host\n`);
      for (const name of ['library', 'tool']) writeFileSync(join(rootfs, name), '');
      const shell = (text: string): Hook => ({
        path: '/bin/sh',
        args: ['sh', '-ec', text],
        env: ['PATH=/bin:/usr/bin'],
      });
      const pid = `read -r state || :; pid=\${state#*'"pid":'}; pid=\${pid%%[!0-9]*}`;
      it.bundle.configure(['cat', '/library', '/tool', '/dev/shm/note'], (config) => ({
        ...config,
        root: { path: rootfs, readonly: false },
        hooks: {
          prestart: [shell(`${pid}; echo note >/proc/$pid/root${rootfs}/dev/shm/note`)],
          createRuntime: [shell(`${pid}; nsenter -t $pid -m mount --bind ${path}/library ${rootfs}/library`)],
          createContainer: [shell(`[ $PWD = ${rootfs} ]; [ -e proc/self/root ]; mount --bind ${path}/tool tool`)],
        },
      }));
      expect(it.runtime.call(['run', ...words, '--bundle', path, 'box'])).toEqual({
        status: 0,
        out: 'library of the host\ntool of the host\nnote\n',
        error: '',
      });
      expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(rootfs);
    });
  }

  test('hooks of the runtime namespace without env have the environment of the caller, those of the container none', () => {
    using it = scene(ours);
    const words = `echo $0 \${WORD:-none} $PWD >>${it.bundle.rootfs}/log`;
    const hook = (name: string): Hook => ({ path: '/bin/sh', args: ['sh', '-c', words, name] });
    it.bundle.configure(['true'], (config) => ({
      ...config,
      process: { cwd: '/', user: { uid: 0, gid: 0 }, args: ['true'], env: ['PATH=/bin', "WORD=image's"] },
      hooks: Object.fromEntries(['prestart', 'createRuntime', 'createContainer'].map((name) => [name, [hook(name)]])),
    }));
    it.runtime.call(['run', '--bundle', it.bundle.path, 'box'], { env: { WORD: 'engine' } });
    const { path, rootfs } = it.bundle;
    expect(it.told()).toEqual([
      `prestart engine ${path}`,
      `createRuntime engine ${path}`,
      `createContainer none ${rootfs}`,
    ]);
  });

  for (const name of ['prestart', 'createRuntime', 'createContainer'] as const) {
    test(`a ${name} hook that fails undoes the creation, and poststop hooks run`, () => {
      using it = scene(ours, (hook, kind) => (kind === name ? { path: '/bin/false' } : hook));
      const { status, error } = it.runtime.call(['create', '--bundle', it.bundle.path, 'box']);
      expect({ status, error }).toEqual({
        status: 1,
        error: expect.stringContaining(`error running ${name} hook #0: /bin/false ended with status 1`),
      });
      expect(it.told().at(-1)).toMatch(/^poststop stopped/);
      expect(it.told().join()).not.toContain(`${name} `);
      expect(it.runtime.left()).toEqual([]);
      expect(groupsNamed(`coracle-oci-test-${process.pid}/box`)).toEqual([]);
    });
  }

  test("a startContainer hook, whose program is the image's, is held to what the program of the container is", () => {
    const look = 'id -u; cat /proc/self/status /proc/self/cgroup; busybox mkdir /tmp/x || exit 0; exit 3';
    const hook = { path: '/bin/sh', args: ['sh', '-c', `(${look}) >>/log 2>&1`], env: ['PATH=/bin'] };
    using it = scene(ours);
    it.bundle.configure(['true'], (config) => ({
      ...config,
      process: { cwd: '/', ...config.process, args: ['true'], user: { uid: 1234, gid: 1235 } },
      root: { path: it.bundle.rootfs, readonly: false },
      hooks: { startContainer: [hook] },
      linux: {
        ...config.linux,
        seccomp: {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 31 }],
        },
      },
    }));
    expect(it.runtime.call(['run', '--bundle', it.bundle.path, 'box'])).toMatchObject({ status: 0, error: '' });
    const told = it.told().join('\n');
    expect(told).toMatch(/^1234$/m);
    expect(told).toMatch(/^CapEff:\t0000000000000000$/m);
    expect(told).toMatch(/^CapBnd:\t0000000020000420$/m);
    expect(told).toMatch(/^NoNewPrivs:\t1$/m);
    expect(told).toMatch(/^Seccomp:\t2$/m);
    expect(told).toContain("can't create directory '/tmp/x': Too many links");
    // Seen from the group of the container, that of the caller would be above it.
    expect(told.match(/^\d+:.*:\/.*$/gm)?.filter((line) => line.includes('pids'))).toEqual(
      told.includes('pids') ? [expect.stringMatching(/:pids:\/$/)] : [],
    );
  });

  test('a startContainer hook without an environment has that of the program, and one with its own has no other', () => {
    using it = scene(ours);
    const tell = { path: '/bin/sh', args: ['sh', '-c', 'echo "$ONE, $HOME" >>/log'] };
    it.bundle.configure(['true'], (config) => ({
      ...config,
      process: { cwd: '/', ...config.process, args: ['true'], env: ['PATH=/bin', 'ONE=two'] },
      root: { path: it.bundle.rootfs, readonly: false },
      hooks: { startContainer: [tell, { ...tell, env: ['ONE=own'] }] },
    }));
    expect(it.runtime.call(['run', '--bundle', it.bundle.path, 'box'])).toMatchObject({ status: 0, error: '' });
    expect(it.told()).toEqual([expect.stringMatching(/^two, \//), 'own,']);
  });

  test('a startContainer hook that fails ends the container before its program, removes it, and poststop hooks run', () => {
    using it = scene(ours, (hook, kind) => (kind === 'startContainer' ? { path: '/bin/false' } : hook));
    it.runtime.call(['create', '--bundle', it.bundle.path, 'box']);
    const { status, error } = it.runtime.call(['start', 'box']);
    expect({ status, error }).toEqual({
      status: 1,
      error: expect.stringContaining('error running startContainer hook #0: /bin/false'),
    });
    expectGone(it);
    expect(it.told().join()).not.toMatch(/program|poststart/);
  });

  test('a poststart hook that fails ends the container, removes it, and poststop hooks run', () => {
    using it = scene(ours, (hook, kind) => (kind === 'poststart' ? { path: '/bin/false' } : hook));
    it.runtime.call(['create', '--bundle', it.bundle.path, 'box']);
    expect(it.runtime.call(['start', 'box'])).toMatchObject({
      status: 1,
      error: expect.stringContaining('error running poststart hook #0: /bin/false ended with status 1'),
    });
    expectGone(it);
  });

  test('a poststop hook that fails is told of, and nothing else: those behind it run', () => {
    using it = scene(ours);
    it.bundle.configure(['true'], (config) => ({
      ...config,
      hooks: {
        poststop: [
          { path: '/bin/true' },
          { path: '/nothing' },
          { path: '/bin/sh', args: ['sh', '-c', `echo last >>${it.bundle.rootfs}/log`] },
        ],
      },
    }));
    const { status, error } = it.runtime.call(['run', '--bundle', it.bundle.path, 'box']);
    expect({ status, error }).toEqual({
      status: 0,
      error: expect.stringMatching(
        /level=warning .*error running poststop hook #1: \/nothing could not be started \(ENOENT\)/,
      ),
    });
    expect(it.told()).toEqual(['last']);
    expect(it.runtime.left()).toEqual([]);
  });

  for (const name of ['createRuntime', 'createContainer', 'startContainer'] as const) {
    test(`what a ${name} hook that fails has said is told, and of much its beginning`, () => {
      const say = (words: string): Scene =>
        scene(ours, (hook, kind) => (kind === name ? { ...hook, args: ['sh', '-c', words] } : hook));
      const failing = `error running ${name} hook #0: /bin/sh ended with status 3`;
      using few = say('echo why >&2; exit 3');
      expect(few.runtime.call(['run', '--bundle', few.bundle.path, 'box']).error).toContain(`${failing}: why`);
      using none = say('exit 3');
      expect(none.runtime.call(['run', '--bundle', none.bundle.path, 'box']).error).toContain(`${failing};`);
      // More than a pipe holds.
      using many = say('echo first >&2; head -c 300000 /dev/zero | tr "\\0" y >&2; exit 3');
      const { error } = many.runtime.call(['run', '--bundle', many.bundle.path, 'box']);
      expect(error).toContain(`${failing}: first`);
      expect(error.length).toBeLessThan(6000);
    });
  }

  for (const name of ['createRuntime', 'createContainer'] as const) {
    test(`a ${name} hook that takes longer than it may is ended`, () => {
      using it = scene(ours, (hook, kind) =>
        kind === name ? { path: '/bin/sleep', args: ['sleep', '1000'], timeout: 1 } : hook,
      );
      const { status, error } = it.runtime.call(['create', '--bundle', it.bundle.path, 'box']);
      expect({ status, error }).toEqual({
        status: 1,
        error: expect.stringContaining(`error running ${name} hook #0: /bin/sleep was not done after 1 s`),
      });
    });
  }

  test('poststop hooks run once, however often it is deleted', () => {
    using it = scene(ours);
    it.runtime.call(['create', '--bundle', it.bundle.path, 'box']);
    for (let times = 0; times < 3; times++) it.runtime.call(['delete', '--force', 'box']);
    expect(it.told().filter((line) => line.startsWith('poststop'))).toHaveLength(1);
    expect(existsSync(join(it.bundle.rootfs, 'log'))).toBe(true);
  });
});
