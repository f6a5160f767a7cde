import { existsSync, mkdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config, Device, Linux, Namespace } from '@coracle/oci-spec';
import { findLeftovers, needs } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { joinable } from '../joinable.ts';
import { Bundle, builtRuntime, groupsNamed, Runtime, type Said } from '../runtime.ts';

let before: ReturnType<typeof findLeftovers>;
let ours: string;
/** What the container with everything has said, by question. */
let sight: Record<string, string> = {};
/** Files of its cgroup, while it ran. */
let devicesList: string | undefined;
let groups: string[] = [];
let joined: string;

const GROUP = `coracle-oci-test-${process.pid}/box`;
const DEVICES: Device[] = [
  { type: 'c', path: '/dev/mine', major: 1, minor: 5, fileMode: 0o640, uid: 12, gid: 34 },
  { type: 'b', path: '/place/disk', major: 7, minor: 200 },
  { type: 'u', path: '/place/unbuffered', major: 1, minor: 3 },
  { type: 'p', path: '/place/pipe' },
];
const RULES = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', major: 10, minor: 229, access: 'rwm' },
  { allow: false, type: 'c', major: 10, minor: 229, access: 'w' },
  { allow: true, type: 'c', major: 10, minor: 230, access: 'r' },
];
const PROBE = `
echo '== namespaces'; for kind in cgroup ipc mnt net pid time user uts; do echo $kind $(readlink /proc/self/ns/$kind); done
echo '== devices'; stat -c '%n %F %t:%T %a %u:%g' /dev/mine /place/*
echo '== defaults'; stat -c '%n %F %t:%T' /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty
echo '== links'; for name in fd stdin stdout stderr ptmx; do echo $name $(readlink /dev/$name); done
echo '== end'; read -r line`;

const namespaces = (list: readonly Namespace[]): Pick<Linux, 'namespaces'> => ({ namespaces: [...list] });
const NEW: Namespace[] = (['mount', 'pid', 'ipc', 'uts', 'cgroup'] as const).map((type) => ({ type }));
const inLinux =
  (linux: Partial<Linux>): ((config: Config) => Config) =>
  (config) => ({ ...config, linux: { ...config.linux, ...linux } });

interface Scene extends Disposable {
  bundle: Bundle;
  runtime: Runtime;
  run: (change: (config: Config) => Config, args?: readonly string[]) => Said;
}

function scene(): Scene {
  const bundle = new Bundle();
  const runtime = new Runtime(ours);
  return {
    bundle,
    runtime,
    run: (change, args = ['true']) => {
      bundle.configure(args, change);
      return runtime.call(['run', '--bundle', bundle.path, 'box']);
    },
    [Symbol.dispose]: () => {
      runtime[Symbol.dispose]();
      bundle[Symbol.dispose]();
    },
  };
}

beforeAll(async () => {
  if (!needs.root.met || !needs.program('busybox').met || !needs.program('unshare').met) return;
  before = findLeftovers();
  ours = builtRuntime();
  using network = await joinable('--net');
  joined = readlinkSync(network.path('net'));
  using it = scene();
  it.bundle.configure(['sh', '-c', `exec >/said; ${PROBE.replace('read -r line', 'exec sleep 1000')}`], (config) => ({
    ...config,
    root: { path: config.root.path, readonly: false },
    linux: {
      ...config.linux,
      ...namespaces([...NEW, { type: 'network', path: network.path('net') }]),
      devices: DEVICES,
      resources: { devices: RULES },
    },
  }));
  const created = it.runtime.call(['run', '--detach', '--bundle', it.bundle.path, 'box']);
  const said = join(it.bundle.rootfs, 'said');
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (existsSync(said) && readFileSync(said, 'utf8').includes('== end')) break;
  }
  if (!existsSync(said)) throw new Error(`the container has not run: ${created.error}`);
  groups = groupsNamed(GROUP);
  const lists = groups.map((group) => join(group, 'devices.list')).filter((file) => existsSync(file));
  devicesList = lists.map((file) => readFileSync(file, 'utf8')).at(0);
  const parts = readFileSync(said, 'utf8').split(/^== /m).slice(1);
  sight = Object.fromEntries(
    parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]),
  );
});
afterAll(() => {
  if (before) expect(findLeftovers()).toEqual(before);
});

const linesOf = (question: string): string[] => (sight[question] ?? '').trim().split('\n');

needs.describe(
  needs.root,
  needs.program('busybox'),
  needs.program('unshare'),
)('config-linux.md', () => {
  const test = needs.test();
  const seen = (kind: string): string =>
    linesOf('namespaces')
      .find((line) => line.startsWith(`${kind} `))
      ?.split(' ')[1] ?? '';
  const host = (kind: string): string => readlinkSync(`/proc/self/ns/${kind}`);

  test('config-linux.md#configLinuxNamespaces: a namespace without a path is a new one', () => {
    for (const kind of ['cgroup', 'ipc', 'mnt', 'pid', 'uts']) expect(seen(kind)).not.toBe(host(kind));
  });

  test('config-linux.md#configLinuxNamespaces: with a path the process is in that namespace', () => {
    expect(seen('net')).toBe(joined);
    expect(joined).not.toBe(host('net'));
  });

  test('config-linux.md#configLinuxNamespaces: a type that is not listed is that of the runtime', () => {
    for (const kind of ['user', 'time']) expect(seen(kind)).toBe(host(kind));
  });

  test('config-linux.md#configLinuxNamespaces: a path of a namespace of another type, or of none, is an error', () => {
    using it = scene();
    for (const path of ['/proc/self/ns/uts', '/etc/hostname', '/nowhere']) {
      const said = it.run(inLinux(namespaces([...NEW, { type: 'network', path }])));
      expect(said).toMatchObject({ status: 1, error: expect.stringContaining(path) });
      expect(it.runtime.left()).toEqual([]);
    }
  });

  test('config-linux.md#configLinuxDevices: the devices that are listed are there, wherever', () => {
    expect(linesOf('devices').sort()).toEqual([
      '/dev/mine character special file 1:5 640 12:34',
      '/place/disk block special file 7:c8 666 0:0',
      '/place/pipe fifo 0:0 666 0:0',
      '/place/unbuffered character special file 1:3 666 0:0',
    ]);
  });

  test('config-linux.md#configLinuxDevices: a file at its path that is not the device is an error, and one that is it stays', () => {
    using it = scene();
    const device = (fields: Partial<Device>): ((config: Config) => Config) =>
      inLinux({ devices: [{ type: 'c', path: '/place/one', major: 1, minor: 3, ...fields }] });
    mkdirSync(join(it.bundle.rootfs, 'place'));
    expect(it.run(device({})).status).toBe(0); // leaves it in the root
    expect(it.run(device({}))).toMatchObject({ status: 0, error: '' });
    for (const other of [
      device({ minor: 5 }),
      device({ type: 'b' }),
      device({ path: '/bin/busybox' }),
      device({ path: '/bin' }),
    ])
      expect(it.run(other)).toMatchObject({ status: 1, error: expect.stringContaining('$.linux.devices[0].path') });
  });

  test('config-linux.md#configLinuxDefaultDevices: null, zero, full, random, urandom, tty and ptmx are there', () => {
    const numbers = { null: '1:3', zero: '1:5', full: '1:7', random: '1:8', urandom: '1:9', tty: '5:0' };
    expect(linesOf('defaults')).toEqual(
      Object.entries(numbers).map(([name, number]) => `/dev/${name} character special file ${number}`),
    );
    expect(linesOf('links')).toContain('ptmx pts/ptmx');
  });

  test('runtime-linux.md#runtimeLinuxDevSymbolicLinks: fd, stdin, stdout and stderr are links to those of the process', () => {
    expect(linesOf('links')).toEqual(
      expect.arrayContaining([
        'fd /proc/self/fd',
        'stdin /proc/self/fd/0',
        'stdout /proc/self/fd/1',
        'stderr /proc/self/fd/2',
      ]),
    );
  });

  test('config-linux.md#configLinuxCgroupsPath: a path from / is that below each mount point, each time', () => {
    expect(groups.length).toBeGreaterThan(0);
    using it = scene();
    it.bundle.configure(['sleep', '1000']);
    it.runtime.call(['create', '--bundle', it.bundle.path, 'box']);
    expect(groupsNamed(GROUP)).toEqual(groups);
    const pid = it.runtime.stateOf('box')?.['pid'];
    for (const group of groups) expect(readFileSync(join(group, 'cgroup.procs'), 'utf8')).toBe(`${pid}\n`);
  });

  test('config-linux.md#configLinuxCgroupsPath: a path that is no group of a container is an error', () => {
    using it = scene();
    for (const cgroupsPath of ['/', '/../..'])
      expect(it.run(inLinux({ cgroupsPath }))).toMatchObject({
        status: 1,
        error: expect.stringContaining('$.linux.cgroupsPath'),
      });
  });

  test('config-linux.md#configLinuxControlGroups: a group that is not empty, or is frozen, is an error, and stays', () => {
    using it = scene();
    it.bundle.configure(['sleep', '1000']);
    it.runtime.call(['create', '--bundle', it.bundle.path, 'box']);
    const second = (): Said => it.runtime.call(['create', '--bundle', it.bundle.path, 'second']);
    expect(second()).toMatchObject({ status: 1, error: expect.stringContaining('$.linux.cgroupsPath') });
    expect(it.runtime.stateOf('box')?.['status']).toBe('created');
    it.runtime.call(['delete', '--force', 'box']);
    const switches: [file: string, on: string, off: string][] = [
      ['freezer.state', 'FROZEN', 'THAWED'],
      ['cgroup.freeze', '1', '0'],
    ];
    const tops = groupsNamed('.').map((top) => join(top, GROUP));
    for (const top of tops) mkdirSync(top, { recursive: true });
    const [file, on, off] = switches.find(([name]) => tops.some((top) => existsSync(join(top, name)))) ?? ['', '', ''];
    const frozen = tops.map((top) => join(top, file)).filter((path) => existsSync(path));
    expect(frozen.length).toBeGreaterThan(0);
    for (const path of frozen) writeFileSync(path, on);
    expect(second()).toMatchObject({ status: 1, error: expect.stringContaining('unexpectedly frozen') });
    // Nor does it have to be in each hierarchy.
    for (const top of tops.filter((one) => !existsSync(join(one, file)))) rmdirSync(top);
    expect(second()).toMatchObject({ status: 1, error: expect.stringContaining('unexpectedly frozen') });
    for (const path of frozen) {
      writeFileSync(path, off);
      rmdirSync(dirname(path));
    }
  });

  test('config-linux.md#configLinuxDeviceAllowedlist: rules are applied in the order they are listed', () => {
    using it = scene();
    const open = (how: string): string =>
      `mknod /node c 10 229 2>/dev/null; (: ${how} /node) 2>&1 | grep -c "not permitted"`;
    const program = ['sh', '-c', `${open('<')}; ${open('>')}`];
    const said = it.run(
      (config) => ({
        ...inLinux({ resources: { devices: RULES } })(config),
        root: { path: config.root.path, readonly: false },
        process: {
          ...config.process,
          cwd: '/',
          user: { uid: 0, gid: 0 },
          args: program,
          capabilities: { bounding: ['CAP_MKNOD'], permitted: ['CAP_MKNOD'], effective: ['CAP_MKNOD'] },
        },
      }),
      program,
    );
    expect(said.out).toBe('0\n1\n');
    if (devicesList !== undefined) {
      expect(devicesList).toMatch(/^c 10:229 rm$/m);
      expect(devicesList).toMatch(/^c 10:230 rm?$/m);
    }
  });

  test('config-linux.md#configLinuxUnified: a controller that is not there, or not on version 2, is an error', () => {
    using it = scene();
    expect(it.run(inLinux({ resources: { unified: { 'nocontroller.max': '1' } } }))).toMatchObject({
      status: 1,
      error: expect.stringContaining('nocontroller'),
    });
    expect(it.runtime.left()).toEqual([]);
    expect(groupsNamed(GROUP)).toEqual([]);
  });

  test('config-linux.md#configLinuxIntelRdt: without a mounted resctrl it is an error', () => {
    const mounted = / resctrl /.test(readFileSync('/proc/self/mounts', 'utf8'));
    using it = scene();
    const said = it.run(inLinux({ intelRdt: { closID: 'coracle-none' } }));
    expect(said).toMatchObject({ status: 1, error: expect.stringContaining('$.linux.intelRdt') });
    expect(said.error.includes('no resctrl file system is mounted')).toBe(!mounted);
  });
});
