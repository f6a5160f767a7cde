import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config, Mount } from '@coracle/oci-spec';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { Bundle, Runtime, type Said, testRuntime } from './runtime.ts';

let ours: string;
testRuntime((path) => {
  ours = path;
});

const MAPPING = [{ containerID: 0, hostID: 100_000, size: 65_536 }];

function withUserNamespace(config: Config, path?: string): Config {
  const user = { type: 'user', ...(path === undefined ? {} : { path }) } as const;
  return {
    ...config,
    linux: {
      ...config.linux,
      namespaces: [...(config.linux?.namespaces ?? []), user],
      ...(path === undefined ? { uidMappings: MAPPING, gidMappings: MAPPING } : {}),
    },
  };
}

/** Also one that root of this machine may lack: it has all in a user namespace. */
const EVERY = ['CAP_KILL', 'CAP_SYS_RESOURCE'];
const EVERY_IN_HEX = '0000000001000020';

interface Scene extends Disposable {
  bundle: Bundle;
  runtime: Runtime;
  /** A directory that root alone may go through, with one in it that all may read. */
  closed: string;
  call: (...words: string[]) => Said;
}

function scene(): Scene {
  const bundle = new Bundle();
  const runtime = new Runtime(ours);
  // Nobody of the namespace may make them: the root is that of the host.
  for (const name of ['volume', 'second']) mkdirSync(join(bundle.rootfs, name));
  const closed = mkdtempSync(join(tmpdir(), 'oci-closed-'));
  mkdirSync(join(closed, 'volume'));
  writeFileSync(join(closed, 'volume/file'), 'found\n');
  for (const path of ['volume', 'volume/file']) chmodSync(join(closed, path), 0o755);
  return {
    bundle,
    runtime,
    closed,
    call: (...words) => runtime.call(words),
    [Symbol.dispose]: () => {
      runtime[Symbol.dispose]();
      bundle[Symbol.dispose]();
      rmSync(closed, { recursive: true });
    },
  };
}

needs.describe(needs.root, needs.program('busybox'))('with a user namespace', () => {
  const test = needs.test();
  const volume = (it: Scene, options: string[] = []): Mount => ({
    destination: '/volume',
    type: 'bind',
    source: join(it.closed, 'volume'),
    options: ['rbind', ...options],
  });
  const addMount = (config: Config, mount: Mount): Config => ({ ...config, mounts: [...(config.mounts ?? []), mount] });

  test('a createContainer hook is root of it, and mounts among the files of the container', () => {
    using it = scene();
    const { path, rootfs } = it.bundle;
    chmodSync(path, 0o755);
    writeFileSync(join(path, 'tool'), 'tool of the host\n');
    writeFileSync(join(rootfs, 'tool'), '');
    const words = `[ $(id -u) = 0 ]; mount --bind ${path}/tool tool`;
    it.bundle.configure(['cat', '/tool'], (config) => ({
      ...withUserNamespace(config),
      hooks: {
        createContainer: [{ path: '/bin/sh', args: ['sh', '-ec', words], env: ['PATH=/bin:/usr/bin'] }],
      },
    }));
    expect(it.call('run', '--bundle', path, 'box')).toEqual({ status: 0, out: 'tool of the host\n', error: '' });
  });

  test('a volume is there though the container may not go to it on the host, as in the directories of a kubelet', () => {
    using it = scene();
    it.bundle.configure(['sleep', '1000'], (config) =>
      withUserNamespace(addMount(addMount(config, volume(it, ['ro'])), { ...volume(it), destination: '/second' })),
    );
    expect(it.call('run', '--detach', '--bundle', it.bundle.path, 'box')).toMatchObject({ status: 0, error: '' });
    expect(it.call('exec', 'box', 'cat', '/volume/file', '/second/file').out).toBe('found\nfound\n');
    expect(it.call('exec', 'box', 'sh', '-c', ': >/volume/new').error).toContain('Read-only file system');
    const pid = it.runtime.stateOf('box')?.['pid'];

    // One that joins it is in the same place: so are the containers of a pod.
    it.bundle.configure(['cat', '/volume/file'], (config) =>
      withUserNamespace(
        addMount(
          { ...config, linux: { ...config.linux, cgroupsPath: `/coracle-oci-test-${process.pid}/second` } },
          volume(it),
        ),
        `/proc/${pid}/ns/user`,
      ),
    );
    expect(it.call('run', '--bundle', it.bundle.path, 'second')).toEqual({ status: 0, out: 'found\n', error: '' });
  });

  test('a program that enters one which is shared has the rights that it is given, and no group of the host', () => {
    using it = scene();
    it.bundle.configure(['sleep', '1000'], withUserNamespace);
    expect(it.call('run', '--detach', '--bundle', it.bundle.path, 'box')).toMatchObject({ status: 0, error: '' });
    const path = `/proc/${it.runtime.stateOf('box')?.['pid']}/ns/user`;
    const capabilities = Object.fromEntries(['bounding', 'permitted', 'effective'].map((set) => [set, EVERY]));
    it.bundle.configure(['sleep', '1000'], (config) =>
      withUserNamespace(
        {
          ...config,
          process: { cwd: '/', user: { uid: 0, gid: 0 }, args: ['sleep', '1000'], env: ['PATH=/bin'], capabilities },
          linux: { ...config.linux, cgroupsPath: `/coracle-oci-test-${process.pid}/second` },
        },
        path,
      ),
    );
    expect(it.call('run', '--detach', '--bundle', it.bundle.path, 'second')).toMatchObject({ status: 0, error: '' });
    const status = ['grep', '-E', '^(Groups|CapPrm|CapBnd)', '/proc/1/status', '/proc/self/status'];
    const { out, error } = it.call('exec', 'second', 'busybox', ...status);
    expect(error).toBe('');
    const [first, entered] = ['/proc/1/status:', '/proc/self/status:'].map((file) =>
      out.split('\n').flatMap((line) => (line.startsWith(file) ? [line.slice(file.length).trim()] : [])),
    );
    expect(entered).toEqual(first);
    expect(entered).toEqual(['Groups:', `CapPrm:\t${EVERY_IN_HEX}`, `CapBnd:\t${EVERY_IN_HEX}`]);
  });

  test('a mount of the host is not shared with the host by it', () => {
    using it = scene();
    it.bundle.configure(['cat', '/proc/self/mountinfo'], (config) => withUserNamespace(addMount(config, volume(it))));
    const { status, out } = it.call('run', '--bundle', it.bundle.path, 'box');
    expect(status).toBe(0);
    expect(out.split('\n').filter((line) => line.includes(' /volume '))).toEqual([
      expect.not.stringContaining('shared:'),
    ]);
  });
});

needs.describe(needs.root, needs.program('busybox'))('a mount with mappings of its own', () => {
  const test = needs.test();

  test('has its ids mapped without the option idmap too, as containerd writes it', () => {
    using it = scene();
    it.bundle.configure(['stat', '-c', '%u %g', '/volume/file'], (config) => ({
      ...config,
      mounts: [
        ...(config.mounts ?? []),
        {
          destination: '/volume',
          type: 'bind',
          source: join(it.closed, 'volume'),
          options: ['rbind', 'ro'],
          uidMappings: MAPPING,
          gidMappings: MAPPING,
        },
      ],
    }));
    expect(it.call('run', '--bundle', it.bundle.path, 'box')).toEqual({ status: 0, out: '100000 100000\n', error: '' });
  });
});

needs.describe(needs.root, needs.program('busybox'))(
  'a user namespace that a container without pivot_root makes',
  () => {
    const test = needs.test();

    for (const type of ['proc', 'sysfs'])
      test(`cannot mount a ${type} of which nothing is hidden`, () => {
        using it = scene();
        const words = ['busybox', 'unshare', '-Urmpfn', 'busybox', 'mount', '-t', type, type, '/tmp'];
        it.bundle.configure(words, (config) => ({
          ...config,
          process: {
            cwd: '/',
            user: { uid: 0, gid: 0 },
            args: words,
            env: ['PATH=/bin'],
            capabilities: { bounding: MAPS, permitted: MAPS },
          },
        }));
        expect(it.call('run', '--no-pivot', '--bundle', it.bundle.path, 'box')).toMatchObject({
          status: 1,
          error: expect.stringMatching(/^mount: permission denied/),
        });
      });
  },
);

/** Without it root of the namespace cannot be mapped to root. */
const MAPS = ['CAP_SETFCAP'];
