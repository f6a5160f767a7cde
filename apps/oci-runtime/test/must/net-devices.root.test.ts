import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config, NetDevice } from '@coracle/oci-spec';
import { findLeftovers, needs } from '@coracle/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { type Joinable, joinable } from '../joinable.ts';
import { Bundle, builtRuntime, Runtime, type Said } from '../runtime.ts';

const PROGRAMS = ['busybox', 'unshare', 'nsenter', 'ip'].map((name) => needs.program(name));

/** A kernel may have been built without such devices. */
function hasPairs(): ReturnType<typeof needs.program> {
  const tried =
    needs.root.met &&
    spawnSync('unshare', ['-n', 'ip', 'link', 'add', 'dev0', 'type', 'veth', 'peer', 'name', 'far0']).status === 0;
  return { what: 'a kernel with pairs of network devices (veth)', met: tried };
}

/** What `ip -json address` tells of a device. */
interface Told {
  ifname: string;
  mtu: number;
  address: string;
  flags: string[];
  addr_info: { local: string; prefixlen: number; scope: string; label?: string; valid_life_time: number }[];
}

let before: ReturnType<typeof findLeftovers>;
let directory: string;
/** The network namespace that the runtime is called in, which stands for the host's: nothing of the machine's own is touched. */
let outer: Joinable;
let ours: string;
let bundle: Bundle;
let runtime: Runtime;

function inNetworkOf(pid: number, ...words: string[]): Said {
  const { status, stdout, stderr } = spawnSync('nsenter', [`--net=/proc/${pid}/ns/net`, ...words], {
    encoding: 'utf8',
  });
  return { status, out: stdout, error: stderr };
}

function ip(...words: string[]): void {
  expect(inNetworkOf(outer.pid, 'ip', ...words)).toMatchObject({ status: 0, error: '' });
}

function devicesOf(pid: number): Told[] {
  const all: Told[] = JSON.parse(inNetworkOf(pid, 'ip', '-json', 'address').out);
  return all.filter(({ ifname }) => ifname.startsWith('dev') || ifname.startsWith('new'));
}

const addressesOf = (told: Told | undefined): string[] =>
  (told?.addr_info ?? [])
    .filter(({ scope }) => scope === 'global')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`);

function create(devices: Record<string, NetDevice>, change: (config: Config) => Config = (config) => config): Said {
  bundle.configure(['sleep', '1000'], (config) =>
    change({ ...config, linux: { ...config.linux, netDevices: devices } }),
  );
  return runtime.call(['create', '--bundle', bundle.path, 'box']);
}

const pid = (): number => Number(runtime.stateOf('box')?.['pid']);

const able = [needs.root, ...PROGRAMS, hasPairs()];
const canTry = able.every(({ met }) => met);

beforeAll(() => {
  if (!canTry) return;
  before = findLeftovers();
  ours = builtRuntime();
});
afterAll(() => {
  if (canTry) expect(findLeftovers()).toEqual(before);
});

beforeEach(async () => {
  if (!canTry) return;
  outer = await joinable('--net');
  directory = mkdtempSync(join(tmpdir(), 'oci-net-'));
  const wrapped = join(directory, 'runtime');
  writeFileSync(wrapped, `#!/bin/sh\nexec nsenter --net=/proc/${outer.pid}/ns/net ${ours} "$@"\n`);
  chmodSync(wrapped, 0o755);
  bundle = new Bundle();
  runtime = new Runtime(wrapped);
  for (const index of [0, 1])
    ip('link', 'add', `dev${index}`, 'mtu', '1400', 'type', 'veth', 'peer', 'name', `far${index}`);
  ip('link', 'set', 'dev0', 'address', '02:00:00:00:00:07', 'up');
  for (const address of ['10.9.8.7/24', 'fd00::7/64']) ip('address', 'add', address, 'dev', 'dev0');
  ip('address', 'add', '10.9.8.9/32', 'dev', 'dev0', 'label', 'dev0:one');
  ip('address', 'add', '10.9.8.11/32', 'dev', 'dev0', 'valid_lft', '600', 'preferred_lft', '600');
});
afterEach(() => {
  if (!canTry) return;
  runtime[Symbol.dispose]();
  bundle[Symbol.dispose]();
  outer[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

needs.describe(...able)('config-linux.md, network devices', () => {
  const test = needs.test();

  test('config-linux.md#configLinuxNetworkDevices: a device is moved into the container under its new name, and is up there', () => {
    expect(create({ dev0: { name: 'new0' }, dev1: {} })).toMatchObject({ status: 0, error: '' });
    expect(devicesOf(outer.pid)).toEqual([]);
    const names = devicesOf(pid()).map(({ ifname, flags }) => [ifname, flags.includes('UP')]);
    expect(names.sort()).toEqual([
      ['dev1', true],
      ['new0', true],
    ]);
  });

  test('config-linux.md#configLinuxNetworkDevices: it keeps its attributes and its permanent addresses of global scope', () => {
    create({ dev0: { name: 'new0' } });
    const told = devicesOf(pid()).find(({ ifname }) => ifname === 'new0');
    expect(told).toMatchObject({ mtu: 1400, address: '02:00:00:00:00:07' });
    expect(addressesOf(told).sort()).toEqual(['10.9.8.7/24', '10.9.8.9/32', 'fd00::7/64']);
    expect(told?.addr_info.find(({ local }) => local === '10.9.8.9')?.label).toBe('new0:one');
  });

  test('config-linux.md#configLinuxNetworkDevices: a name that is taken there is an error, and all devices stay where they are', () => {
    for (const devices of [
      { dev1: {}, dev0: { name: 'lo' } },
      { dev0: { name: 'new0' }, dev1: { name: 'new0' } },
    ]) {
      expect(create(devices)).toMatchObject({ status: 1, error: expect.stringContaining('EEXIST') });
      expect(devicesOf(outer.pid).map(({ ifname }) => ifname)).toEqual(['dev0', 'dev1']);
      expect(addressesOf(devicesOf(outer.pid)[0])).toContain('10.9.8.7/24');
    }
    expect(create({ dev9: {} })).toMatchObject({ status: 1, error: expect.stringContaining('ENODEV') });
    expect(runtime.left()).toEqual([]);
  });

  test('config-linux.md#configLinuxNetworkDevices: for %d in the new name the kernel puts a number', () => {
    expect(create({ dev0: { name: 'new%d' }, dev1: { name: 'new%d' } })).toMatchObject({ status: 0, error: '' });
    expect(
      devicesOf(pid())
        .map(({ ifname }) => ifname)
        .sort(),
    ).toEqual(['new0', 'new1']);
  });

  test('config-linux.md#configLinuxNetworkDevices: the runtime leaves it to its network namespace at the end', async () => {
    using inner = await joinable('--net');
    const network = [{ type: 'network' as const, path: inner.path('net') }];
    const shared = (config: Config): Config => {
      const others = (config.linux?.namespaces ?? []).filter(({ type }) => type !== 'network');
      return { ...config, linux: { ...config.linux, namespaces: [...others, ...network] } };
    };
    expect(create({ dev0: {} }, shared)).toMatchObject({ status: 0, error: '' });
    runtime.call(['delete', '--force', 'box']);
    expect(devicesOf(inner.pid).map(({ ifname }) => ifname)).toEqual(['dev0']);
    expect(devicesOf(outer.pid).map(({ ifname }) => ifname)).toEqual(['dev1']);
  });

  test('devices of a container that does not come about are given back, as they were', () => {
    const failing = (config: Config): Config => ({ ...config, hooks: { createRuntime: [{ path: '/bin/false' }] } });
    const was = devicesOf(outer.pid);
    expect(create({ dev0: { name: 'new0' }, dev1: { name: 'new1' } }, failing).status).toBe(1);
    const is = devicesOf(outer.pid);
    expect(is.map(({ ifname, mtu, address }) => ({ ifname, mtu, address }))).toEqual(
      was.map(({ ifname, mtu, address }) => ({ ifname, mtu, address })),
    );
    expect(is.map(({ flags }) => flags.includes('UP'))).toEqual([true, false]);
    expect(addressesOf(is[0]).sort()).toEqual(['10.9.8.7/24', '10.9.8.9/32', 'fd00::7/64']);
  });

  test('without a network namespace of its own a container has none of them', () => {
    const without = (config: Config): Config => ({
      ...config,
      linux: { ...config.linux, namespaces: (config.linux?.namespaces ?? []).filter(({ type }) => type !== 'network') },
    });
    expect(create({ dev0: {} }, without)).toMatchObject({
      status: 1,
      error: expect.stringContaining('$.linux.netDevices'),
    });
  });
});
