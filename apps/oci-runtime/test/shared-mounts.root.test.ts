import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '@coracle/oci-spec';
import { isAtLeast, kernelRelease, kernelVersion } from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { joinable } from './joinable.ts';
import { Bundle, Runtime, testRuntime } from './runtime.ts';

let ours: string;
testRuntime((path) => {
  ours = path;
});

const canDetach = {
  what: 'Linux 6.15',
  met: isAtLeast(kernelVersion(kernelRelease()), { major: 6, minor: 15 }),
};
const test = needs.test(needs.root, canDetach);

const SEEN = 'readlink /proc/self/ns/mnt; echo $(ls /marker /..); cat /proc/1/comm; [ -s /proc/kcore ] || echo masked';

/** The configuration without a mount namespace of its own: with that of a path, or of the engine. */
function sharing(config: Config, path?: string): Config {
  const { namespaces = [], maskedPaths = [], readonlyPaths = [], ...linux } = config.linux ?? {};
  const others = namespaces.filter(({ type }) => type !== 'mount');
  const shared =
    path === undefined ? { namespaces: others } : { namespaces: [...others, { type: 'mount' as const, path }] };
  const paths = path === undefined ? {} : { maskedPaths, readonlyPaths };
  return {
    ...config,
    root: { ...config.root, path: config.root?.path ?? '' },
    linux: { ...linux, ...shared, ...paths },
  };
}

test('without a mount namespace the container is in that of its engine, which sees none of its mounts', () => {
  using bundle = new Bundle();
  using runtime = new Runtime(ours);
  writeFileSync(join(bundle.rootfs, 'marker'), '');
  const before = readFileSync('/proc/self/mountinfo', 'utf8');
  bundle.configure(['sh', '-c', `${SEEN}; sleep 1000`], (config) => sharing(config));
  const created = runtime.call(['create', '--bundle', bundle.path, 'box'], {});
  expect(created).toMatchObject({ status: 0 });
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(before);
  expect(runtime.call(['start', 'box']).status).toBe(0);
  const { pid } = runtime.stateOf('box') ?? {};
  expect(readlinkSync(`/proc/${pid}/ns/mnt`)).toBe(readlinkSync('/proc/self/ns/mnt'));
  // Who enters has its files and not the engine's.
  const { out } = runtime.call(['exec', 'box', 'sh', '-c', SEEN]);
  const [namespace, files, init] = out.split('\n');
  expect(namespace).toBe(readlinkSync('/proc/self/ns/mnt'));
  expect(files).toMatch(/^\/marker .*bin dev etc marker proc/);
  expect(files).not.toContain('boot');
  expect(init).toBe('sleep');
  expect(runtime.call(['delete', '--force', 'box']).status).toBe(0);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(before);
});

test('with the path of one it is in that, whose processes keep their root', async () => {
  using other = await joinable('--mount', '--propagation', 'private');
  using bundle = new Bundle();
  using runtime = new Runtime(ours);
  writeFileSync(join(bundle.rootfs, 'marker'), '');
  const before = readFileSync(`/proc/${other.pid}/mountinfo`, 'utf8');
  bundle.configure(['sh', '-c', SEEN], (config) => sharing(config, other.path('mnt')));
  const { status, out } = runtime.call(['run', '--bundle', bundle.path, 'box']);
  const [namespace, files, init, masked] = out.split('\n');
  expect([status, namespace, init, masked]).toEqual([0, readlinkSync(other.path('mnt')), 'sh', 'masked']);
  expect(files).toMatch(/^\/marker .*bin dev etc marker proc/);
  expect(readFileSync(`/proc/${other.pid}/mountinfo`, 'utf8')).toBe(before);
  expect(readlinkSync(`/proc/${other.pid}/root`)).toBe('/');
});

test('a hook of the container has the files of the container', () => {
  using bundle = new Bundle();
  using runtime = new Runtime(ours);
  writeFileSync(join(bundle.rootfs, 'marker'), '');
  bundle.configure(['cat', '/told'], (config) => ({
    ...sharing(config),
    root: { path: bundle.rootfs, readonly: false },
    hooks: { startContainer: [{ path: '/bin/sh', args: ['sh', '-c', 'ls / | tr "\\n" " " >/told'] }] },
  }));
  const { out } = runtime.call(['run', '--bundle', bundle.path, 'box']);
  expect(out).toContain('marker');
  expect(out).not.toContain('boot');
});

test('a user namespace goes with a mount namespace', () => {
  using bundle = new Bundle();
  using runtime = new Runtime(ours);
  const ids = [{ containerID: 0, hostID: 100000, size: 65536 }];
  bundle.configure(['true'], (config) => {
    const { linux, ...rest } = sharing(config);
    const namespaces = [...(linux?.namespaces ?? []), { type: 'user' as const }];
    return { ...rest, linux: { ...linux, namespaces, uidMappings: ids, gidMappings: ids } };
  });
  const { status, error } = runtime.call(['run', '--bundle', bundle.path, 'box']);
  expect(status).toBe(1);
  expect(error).toContain('$.linux.namespaces must be a list with { \\"type\\": \\"mount\\" } and no path for it');
  expect(runtime.left()).toEqual([]);
});
