import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, rootlessConfig, specConfig } from '@coracle/oci-spec';
import { parseConfig, validateConfig } from '@coracle/oci-spec/validate';
import { needs } from '@coracle/test-support';
import { expect, test } from '@jest/globals';

test.each([
  ['specConfig', specConfig],
  ['rootlessConfig', () => rootlessConfig({ uid: 1000, gid: 100 })],
])('%s is valid without a remark, survives JSON, and is a new value each time', (_, make) => {
  const config = make();
  const onRemark = (remark: unknown): void => expect(remark).toBeUndefined();
  expect(validateConfig(config, { onRemark })).toBe(config);
  expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  config.mounts?.[0]?.options?.push('x');
  config.linux?.maskedPaths?.pop();
  config.process?.capabilities?.bounding?.pop();
  expect(make()).not.toEqual(config);
  expect(make()).toEqual(make());
});

const hasCgroup2 = existsSync('/sys/fs/cgroup/cgroup.controllers');

test.each([true, false])('there is a cgroup namespace on version 2 of cgroups alone: %s', (hasCgroup2) => {
  for (const { linux } of [specConfig({ hasCgroup2 }), rootlessConfig({ uid: 1000, gid: 100, hasCgroup2 })])
    expect(linux?.namespaces?.some(({ type }) => type === 'cgroup')).toBe(hasCgroup2);
});

test('the rootless one maps its user to 0 and nobody else', () => {
  const { linux, mounts } = rootlessConfig({ uid: 1000, gid: 100 });
  expect(linux?.uidMappings).toEqual([{ containerID: 0, hostID: 1000, size: 1 }]);
  expect(linux?.gidMappings).toEqual([{ containerID: 0, hostID: 100, size: 1 }]);
  expect(linux?.resources).toBeUndefined();
  expect(mounts?.flatMap(({ options = [] }) => options).filter((option) => option.startsWith('gid='))).toEqual([]);
});

needs.test(needs.program('runc'))('specConfig means what `runc spec` does; the differences are known', () => {
  compare(specConfig({ hasCgroup2 }), specOfRunc());
});

needs.test(needs.program('runc'))('rootlessConfig means what `runc spec --rootless` does', () => {
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  compare(rootlessConfig({ uid, gid, hasCgroup2 }), specOfRunc('--rootless'));
});

function specOfRunc(...flags: string[]): Config {
  const bundle = mkdtempSync(join(tmpdir(), 'coracle-spec-'));
  try {
    const { status, stderr } = spawnSync('runc', ['spec', ...flags, '--bundle', bundle], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return parseConfig(readFileSync(join(bundle, 'config.json'), 'utf8'));
  } finally {
    rmSync(bundle, { recursive: true, force: true });
  }
}

/** All is the same but for what is taken out here: the version, the name, and where ours lets a container do less. */
function compare(ours: Config, theirs: Config): void {
  const { linux: ourLinux = {}, mounts: ourMounts = [], ...our } = ours;
  const { linux: theirLinux = {}, mounts: theirMounts = [], ...their } = theirs;
  expect({ ...our, ociVersion: '', hostname: '' }).toEqual({
    ...their,
    process: withoutAmbient(their.process),
    ociVersion: '',
    hostname: '',
  });

  const { namespaces: ourNamespaces = [], maskedPaths: ourMasks = [], ...ourRest } = ourLinux;
  const { namespaces: theirNamespaces = [], maskedPaths: theirMasks = [], ...theirRest } = theirLinux;
  expect(ourRest).toEqual(theirRest);
  expect(new Set(ourNamespaces.map(({ type }) => type))).toEqual(new Set(theirNamespaces.map(({ type }) => type)));
  expect(ourMasks).toEqual(expect.arrayContaining(theirMasks));

  const byDestination = (mounts: typeof ourMounts): unknown =>
    Object.fromEntries(
      mounts.map(({ options = [], ...mount }) => [mount.destination, { ...mount, options: plain(options) }]),
    );
  // runc's /proc has no options.
  const restricted = theirMounts.map((mount) =>
    mount.type === 'proc' ? { ...mount, options: ['nosuid', 'noexec', 'nodev'] } : mount,
  );
  expect(byDestination(ourMounts)).toEqual(byDestination(restricted));
}

/** runc up to 1.1 writes ambient capabilities, which are never in force, since none of them is inheritable. */
function withoutAmbient(process: Config['process']): unknown {
  const { ambient: _, inheritable, ...capabilities } = process?.capabilities ?? {};
  expect(inheritable).toBeUndefined();
  return { ...process, capabilities };
}

/** Options in any order, with sizes in bytes. */
function plain(options: string[]): string[] {
  return options.map((option) => option.replace(/^size=(\d+)k$/, (_, size) => `size=${Number(size) * 1024}`)).sort();
}
