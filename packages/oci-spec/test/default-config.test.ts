import {
  DEFAULT_MOUNTS,
  DEFAULT_NAMESPACES,
  DEFAULT_PATH,
  defaultConfig,
  MASKED_PATHS,
  READONLY_PATHS,
} from '@coracle/oci-spec';
import { validateConfig } from '@coracle/oci-spec/validate';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { problemsOf } from './tree.ts';

const text = fc.string().filter((word) => !word.includes('\0'));
const id = fc.integer({ min: 0, max: 2 ** 31 });
const mapping = fc.record({ containerID: id, hostID: id, size: fc.integer({ min: 1, max: 2 ** 31 - 1 }) });
const mappings = fc.array(mapping, { minLength: 1 });

test('any program, root, host name and id maps make a valid configuration', () => {
  const options = fc.record(
    {
      args: fc.array(text, { minLength: 1 }),
      root: text.filter((path) => path !== ''),
      hostname: fc.string({ maxLength: 16 }).filter((word) => !word.includes('\0')),
      rootless: fc.record({ uidMappings: mappings, gidMappings: mappings }),
    },
    { requiredKeys: ['args'] },
  );
  fc.assert(
    fc.property(options, (given) => {
      const config = defaultConfig(given);
      expect(validateConfig(config)).toBe(config);
      expect(JSON.parse(JSON.stringify(config))).toEqual(config);
      expect(config.process?.args).toEqual(given.args);
    }),
  );
});

test.each<[string, Parameters<typeof defaultConfig>[0], string]>([
  ['no program', { args: [] }, '$.process.args'],
  ['a NUL in an argument', { args: ['sh', 'a\0b'] }, '$.process.args[1]'],
  ['an empty root', { args: ['sh'], root: '' }, '$.root.path'],
  ['a host name that is too long', { args: ['sh'], hostname: 'x'.repeat(65) }, '$.hostname'],
])('%s shows in validation', (_, options, path) => {
  expect(problemsOf(defaultConfig(options)).map((problem) => problem.path)).toEqual([path]);
});

describe('the default', () => {
  const config = defaultConfig({ args: ['sh'] });

  test('runs as user 0 in /, with PATH only, and can gain no rights', () => {
    expect(config.process).toEqual({
      terminal: false,
      user: { uid: 0, gid: 0, umask: 0o022 },
      args: ['sh'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      cwd: '/',
      noNewPrivileges: true,
    });
    expect(config.process?.env).toEqual([`PATH=${DEFAULT_PATH}`]);
  });

  test('has the root of a bundle, writable, and the host’s name unless told', () => {
    expect(config.root).toEqual({ path: 'rootfs', readonly: false });
    expect(Object.hasOwn(config, 'hostname')).toBe(false);
    expect(defaultConfig({ args: ['sh'], root: '/r', hostname: 'box' })).toMatchObject({
      root: { path: '/r' },
      hostname: 'box',
    });
  });

  test('has the namespaces Docker makes, and no user namespace', () => {
    expect(config.linux?.namespaces?.map(({ type }) => type)).toEqual(DEFAULT_NAMESPACES);
    expect([...DEFAULT_NAMESPACES].sort()).toEqual(['cgroup', 'ipc', 'mount', 'network', 'pid', 'time', 'uts']);
    expect(config.linux?.uidMappings).toBeUndefined();
  });

  test('has Docker’s mounts in an order in which each finds its mount point', () => {
    expect(config.mounts).toEqual(DEFAULT_MOUNTS);
    expect(DEFAULT_MOUNTS.map(({ destination, type, options }) => `${destination} ${type} ${options?.join()}`)).toEqual(
      [
        '/proc proc nosuid,noexec,nodev',
        '/dev tmpfs nosuid,strictatime,mode=755,size=65536k',
        '/dev/pts devpts nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5',
        '/sys sysfs nosuid,noexec,nodev,ro',
        '/sys/fs/cgroup cgroup ro,nosuid,noexec,nodev',
        '/dev/mqueue mqueue nosuid,noexec,nodev',
        '/dev/shm tmpfs nosuid,noexec,nodev,mode=1777,size=67108864',
      ],
    );
  });

  test('hides and protects what Docker does', () => {
    expect(config.linux?.maskedPaths).toEqual(MASKED_PATHS);
    expect(config.linux?.readonlyPaths).toEqual(READONLY_PATHS);
    expect(MASKED_PATHS).toHaveLength(12);
    expect(MASKED_PATHS).toEqual(expect.arrayContaining(['/proc/kcore', '/proc/keys', '/sys/firmware']));
    expect(READONLY_PATHS).toEqual(['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']);
  });

  test('is a new value each time: a change to one is in no other', () => {
    const changed = defaultConfig({ args: ['sh'] });
    changed.mounts?.[0]?.options?.push('hidepid=2');
    changed.mounts?.pop();
    changed.linux?.maskedPaths?.pop();
    changed.linux?.namespaces?.pop();
    changed.process?.env?.push('A=1');
    expect(defaultConfig({ args: ['sh'] })).toEqual(config);
    expect(changed).not.toEqual(config);
  });
});

describe('rootless', () => {
  const one = { containerID: 0, hostID: 1000, size: 1 };

  test('adds a user namespace before the others, and its maps', () => {
    const { linux } = defaultConfig({ args: ['sh'], rootless: { uidMappings: [one], gidMappings: [one] } });
    expect(linux?.namespaces?.map(({ type }) => type)).toEqual(['user', ...DEFAULT_NAMESPACES]);
    expect([linux?.uidMappings, linux?.gidMappings]).toEqual([[one], [one]]);
  });

  test.each([
    ['no group tty leave it out of devpts', [one], false],
    ['the group tty keep it', [one, { containerID: 1, hostID: 100000, size: 5 }], true],
    ['groups up to just below tty leave it out', [one, { containerID: 1, hostID: 100000, size: 4 }], false],
    ['groups from just above tty leave it out', [{ containerID: 6, hostID: 100000, size: 9 }], false],
  ])('maps with %s', (_, gidMappings, kept) => {
    const { mounts } = defaultConfig({ args: ['sh'], rootless: { uidMappings: [one], gidMappings } });
    const devpts = mounts?.find(({ type }) => type === 'devpts');
    expect(devpts?.options?.includes('gid=5')).toBe(kept);
    expect(devpts?.options).toContain('ptmxmode=0666');
    expect(mounts).toHaveLength(DEFAULT_MOUNTS.length);
  });
});
