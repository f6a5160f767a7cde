import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMountinfo } from '@coracle/mountinfo';
import { DEFAULT_MOUNTS, type Mount } from '@coracle/oci-spec';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mountsFor } from '../../src/config/config-mounts.ts';
import { checkPropagation } from '../../src/mounts/propagation.ts';
import { volumeOptions } from '../../src/mounts/volume-options.ts';
import type { ContainerOptions, Volume } from '../../src/options/options.ts';

let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mounts-'));
  for (const directory of ['root/etc', 'root/data', 'source']) mkdirSync(join(scratch, directory), { recursive: true });
  writeFileSync(join(scratch, 'root/etc/hosts'), '');
  writeFileSync(join(scratch, 'file'), '');
  symlinkSync('/run/resolv.conf', join(scratch, 'root/etc/resolv.conf'));
  symlinkSync('/data', join(scratch, 'root/link'));
  symlinkSync('/etc', join(scratch, 'source/to-etc'));
});

afterAll(() => rmSync(scratch, { recursive: true }));

const mounts = (
  options: Partial<ContainerOptions>,
  { inUserNamespace = false, hasTty = true, canMapIds = false } = {},
): Mount[] =>
  mountsFor(
    { command: ['true'], ...options },
    {
      defaults: DEFAULT_MOUNTS,
      root: { kind: 'bind', path: join(scratch, 'root') },
      inUserNamespace,
      hasTty,
      canMapIds,
      devices: [],
    },
  );
const places = (options: Partial<ContainerOptions>): string[] => mounts(options).map(({ destination }) => destination);
const directory = (target: string, rest: Partial<Volume> = {}): Volume => ({
  source: join(scratch, 'source'),
  target,
  ...rest,
});

test('a terminal belongs to the group tty, where the container has that', () => {
  const terminals = (given: { hasTty?: boolean; inUserNamespace?: boolean }): string[] | undefined =>
    mounts({}, given).find(({ type }) => type === 'devpts')?.options;
  expect(terminals({})).toContain('gid=5');
  expect(terminals({ inUserNamespace: true })).toContain('gid=5');
  expect(terminals({ inUserNamespace: true, hasTty: false })).not.toContain('gid=5');
});

test("with the host's network a user namespace sees the host's /sys, read-only and without its groups, and no other container does", () => {
  const sys = (options: Partial<ContainerOptions>, inUserNamespace: boolean): Mount | undefined =>
    mounts(options, { inUserNamespace }).find(({ destination }) => destination === '/sys');
  expect(sys({ network: 'host' }, true)).toMatchObject({
    type: 'bind',
    source: '/sys',
    options: expect.arrayContaining(['rbind', 'ro']),
  });
  const covers = (options: Partial<ContainerOptions>): unknown[] =>
    mounts({ network: 'host', ...options }, { inUserNamespace: true })
      .filter(({ destination }) => destination === '/sys/fs/cgroup')
      .map(({ type, options }) => [type, options?.includes('ro')]);
  expect(covers({})).toEqual([
    ['tmpfs', true],
    ['cgroup', true],
  ]);
  expect(covers({ privileged: true })).toEqual([['cgroup', false]]);
  for (const network of ['none', undefined] as const)
    expect(sys(network ? { network } : {}, true)).toMatchObject({ type: 'sysfs' });
  expect(sys({ network: 'host' }, false)).toMatchObject({ type: 'sysfs' });
});

test('the privileged may write to /sys and their cgroups, others may not', () => {
  const writable = (options: Partial<ContainerOptions>): string[] =>
    mounts(options)
      .filter(({ destination, options }) => destination.startsWith('/sys') && !options?.includes('ro'))
      .map(({ destination }) => destination);
  expect(writable({})).toEqual([]);
  expect(writable({ privileged: true })).toEqual(['/sys', '/sys/fs/cgroup']);
});

describe('the order of mounts', () => {
  test('is: parents first, then as given, and /proc last', () => {
    expect(
      places({ volumes: [directory('/a/b/c'), directory('/dev/x'), directory('/a')], tmpfs: [{ target: '/a/b' }] }),
    ).toEqual([
      '/dev',
      '/sys',
      '/a',
      '/dev/pts',
      '/dev/mqueue',
      '/dev/shm',
      '/a/b',
      '/dev/x',
      '/sys/fs/cgroup',
      '/a/b/c',
      '/proc',
    ]);
  });

  test('counts where a mount really goes', () => {
    expect(places({ volumes: [directory('/link/sub'), directory('/link')] }).slice(2)).toEqual([
      '/data',
      '/dev/pts',
      '/dev/mqueue',
      '/dev/shm',
      '/data/sub',
      '/sys/fs/cgroup',
      '/proc',
    ]);
  });
});

describe('the place of a mount', () => {
  test.each([
    ['/etc/resolv.conf', '/run/resolv.conf'],
    ['/link/x/', '/data/x'],
    ['//data/../etc/hosts', '/etc/hosts'],
  ])('%s is %s', (target, place) => {
    const source = join(scratch, target.endsWith('/') ? 'source' : 'file');
    expect(places({ volumes: [{ source, target }] })).toContain(place);
  });

  test('may lead out of a mount again', () => {
    expect(places({ volumes: [directory('/data/to-etc/new'), directory('/data')] })).toContain('/etc/new');
  });

  test('a usual mount is replaced by one that is asked for', () => {
    const shm = mounts({ tmpfs: [{ target: '/dev/shm', options: ['size=1m'] }] }).filter(
      ({ destination }) => destination === '/dev/shm',
    );
    expect(shm).toEqual([
      { destination: '/dev/shm', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'noexec', 'size=1m'] },
    ]);
  });

  test('any text gives a place outside /proc, or an error with a code', () => {
    const name = fc.constantFrom('etc', 'link', 'data', 'proc', '..', '.', '', 'new', 'resolv.conf', 'hosts', '\0');
    const target = fc.oneof(
      fc.string(),
      fc.array(name).map((names) => `/${names.join('/')}`),
    );
    fc.assert(
      fc.property(target, (text) => {
        try {
          const made = places({ volumes: [directory(text)] });
          expect(made.filter((place) => /^\/proc(\/|$)/.test(place))).toEqual(['/proc']);
          for (const place of made) expect(place).toMatch(/^(\/(?!\.\.?(\/|$))[^/]+)+$/);
        } catch (error) {
          expect(['ERR_CORACLE_OPTION', 'ENOTDIR', 'ELOOP']).toContain(Reflect.get(Object(error), 'code'));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a volume', () => {
  test.each<[Partial<Volume>, string[]]>([
    [{}, ['rbind', 'nodev']],
    [{ readOnly: true }, ['rbind', 'ro', 'nodev']],
    [{ readOnly: true, recursive: 'readonly', propagation: 'private' }, ['rbind', 'ro', 'nodev', 'private']],
    [{ readOnly: true, recursive: 'writable' }, ['rbind', 'ro=vfs', 'nodev']],
    [{ recursive: 'disabled' }, ['bind', 'nodev']],
    [{ dev: true, exec: false, suid: false }, ['rbind', 'noexec', 'nosuid']],
    [{ propagation: 'rslave', readOnly: true }, ['rbind', 'ro', 'nodev', 'rslave']],
  ])('%j is mounted with %j', (volume, options) => {
    expect(volumeOptions({ source: '/a', target: '/b', ...volume })).toEqual(options);
  });

  test.each<[object, string, string]>([
    [{ recursive: 'writable' }, 'something of a read-only volume', 'add readonly'],
    [{ recursive: 'readonly' }, 'something of a read-only volume', 'add readonly'],
    [{ recursive: 'readonly', readOnly: true, propagation: 'rslave' }, 'later mounts of the host', 'leave one'],
    [{ recursive: 'sometimes' }, "recursive cannot be 'sometimes'", 'there are enabled'],
    [{ propagation: 'upwards' }, "propagation cannot be 'upwards'", 'there are private'],
  ])('%j is refused: %s', (volume, message, hint) => {
    expect(() => mounts({ volumes: [directory('/x', volume)] })).toThrow(
      expect.objectContaining({
        code: 'ERR_CORACLE_OPTION',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
  });

  test('has devices in a privileged container, and when it is one that every container has', () => {
    const optionsOf = (options: Partial<ContainerOptions>): string[] =>
      mounts(options).find(({ destination }) => destination === '/x')?.options ?? [];
    expect(optionsOf({ volumes: [directory('/x')], privileged: true })).toEqual(['rbind']);
    expect(optionsOf({ volumes: [directory('/x', { dev: false })], privileged: true })).toEqual(['rbind', 'nodev']);
    expect(optionsOf({ volumes: [{ source: '/dev/null', target: '/x' }] })).toEqual(['rbind']);
  });

  test('that is another device is refused until it is asked for', () => {
    const volume = { source: '/dev/ptmx', target: '/x' };
    expect(() => mounts({ volumes: [volume] })).toThrow(
      expect.objectContaining({ code: 'ERR_CORACLE_OPTION', hint: expect.stringContaining('/dev/ptmx:/x:dev') }),
    );
    expect(mounts({ volumes: [{ ...volume, dev: true }] })).toContainEqual(
      expect.objectContaining({ destination: '/x', options: ['rbind'] }),
    );
  });

  test.each([
    ['/no/such', 'ENOENT'],
    ['/etc/passwd/x', 'ENOTDIR'],
  ])('whose source is %s is refused with %s and the way out', (source, code) => {
    expect(() => mounts({ volumes: [{ source, target: '/x' }] })).toThrow(
      expect.objectContaining({ code, path: source, hint: expect.stringContaining('mkdir -p') }),
    );
  });

  test('whose source is a link that ends nowhere is refused', () => {
    symlinkSync('nowhere', join(scratch, 'dangling'));
    expect(() => mounts({ volumes: [{ source: join(scratch, 'dangling'), target: '/x' }] })).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });

  test('shares mounts with the host together with 23 others at most', () => {
    const volumes = Array.from({ length: 25 }, (_, index) => directory(`/v${index}`, { propagation: 'rslave' }));
    expect(() => mounts({ volumes })).toThrow('more than 24 volumes share their mounts');
  });

  test('with mapped ids counts among those, since it is copied early too', () => {
    const volumes = Array.from({ length: 25 }, (_, index) =>
      directory(`/v${index}`, index < 12 ? { propagation: 'private', idmap: true } : { idmap: true }),
    );
    const mapped = (some: readonly Volume[]): Mount[] =>
      mounts({ volumes: some }, { inUserNamespace: true, canMapIds: true });
    expect(() => mapped(volumes)).toThrow('or have mapped ids');
    expect(mapped(volumes.slice(1)).filter(({ options }) => options?.includes('ridmap'))).toHaveLength(24);
  });
});

describe('propagation', () => {
  const line = (point: string, tags: string): string => `30 1 0:30 / ${point} rw ${tags}- tmpfs tmpfs rw\n`;
  const check = (propagation: 'rslave' | 'rshared' | 'private', tags: string, inUserNamespace = false): void =>
    checkPropagation({ path: scratch, propagation, inUserNamespace }, () =>
      parseMountinfo(line('/', 'shared:1 ').replace('30 1', '1 1') + line(tmpdir(), tags)),
    );

  test.each([
    ['rslave', 'shared:7 '],
    ['rslave', 'master:7 '],
    ['rshared', 'shared:7 '],
    ['rshared', 'shared:8 master:7 '],
    ['private', ''],
    ['private', 'unbindable '],
  ] as const)('%s may come from a mount with the tag %p', (propagation, tags) => {
    expect(() => check(propagation, tags)).not.toThrow();
  });

  test.each([
    ['rslave', ''],
    ['rshared', ''],
    ['rshared', 'master:7 '],
  ] as const)('%s may not come from one with the tag %p', (propagation, tags) => {
    expect(() => check(propagation, tags)).toThrow(
      expect.objectContaining({ code: 'ERR_CORACLE_OPTION', hint: `share it first: mount --make-shared ${tmpdir()}` }),
    );
  });

  test('rshared is not for user namespaces, rslave is', () => {
    expect(() => check('rshared', 'shared:7 ', true)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('rslave') }),
    );
    expect(() => check('rslave', 'shared:7 ', true)).not.toThrow();
  });
});
