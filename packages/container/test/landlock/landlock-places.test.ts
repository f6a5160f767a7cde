import type { HostRoot } from '@coracle/chroot-fs';
import { defaultConfig, type Mount } from '@coracle/oci-spec';
import { LANDLOCK_ACCESS_FS } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { type LandlockPlaces, landlockPlaces } from '../../src/landlock/landlock-places.ts';

const HOST: HostRoot = {
  links: [{ path: '/bin', target: 'usr/bin' }],
  copied: ['/etc/passwd'],
  shown: [
    { path: '/usr', kind: 'directory' },
    { path: '/etc/ssl/certs', kind: 'directory' },
  ],
};

interface Given {
  mounts?: Mount[];
  readonly?: boolean;
  cwd?: string;
  readonlyPaths?: string[];
  hostRoot?: HostRoot | undefined;
}

function placesOf({ mounts = [], readonly = false, cwd = '/', readonlyPaths, ...given }: Given = {}): LandlockPlaces {
  const base = defaultConfig({ args: ['prog'] });
  const process = { ...base.process, args: ['prog'], cwd, user: { uid: 0, gid: 0 } };
  const config = {
    ...base,
    process,
    root: { path: '/', readonly },
    mounts: [...(base.mounts ?? []), ...mounts],
    linux: { ...base.linux, ...(readonlyPaths ? { readonlyPaths } : {}) },
  };
  const hostRoot = 'hostRoot' in given ? given.hostRoot : HOST;
  return landlockPlaces(config, { hostRoot, kindOf: (path) => (path.endsWith('.txt') ? 'file' : 'directory') });
}

const bind = (destination: string, ...options: string[]): Mount => ({
  type: 'bind',
  source: `/host${destination}`,
  destination,
  options: ['rbind', ...options],
});

type Right = keyof typeof LANDLOCK_ACCESS_FS extends `LANDLOCK_ACCESS_FS_${infer Name}` ? Name : never;

/** The rights that go for a path, as the kernel adds them up. */
function rightsAt(path: string, { places }: LandlockPlaces): Right[] {
  const above = places.filter((place) => place.path === '/' || `${path}/`.startsWith(`${place.path}/`));
  const sum = above.reduce((bits, { rights }) => bits | rights, 0);
  const names = Object.entries(LANDLOCK_ACCESS_FS).flatMap(([name, bit]) => (sum & bit ? [name.slice(19)] : []));
  return names as Right[];
}

const USE = ['EXECUTE', 'READ_FILE', 'READ_DIR'];
const ALL = Object.keys(LANDLOCK_ACCESS_FS).map((name) => name.slice(19));

describe('the places of a container with the host root', () => {
  const places = placesOf();

  test.each(['/usr/bin/env', '/etc/ssl/certs/ca.pem', '/etc/passwd'])('%s is read and executed alone', (path) => {
    expect(rightsAt(path, places)).toEqual(USE);
  });

  test.each(['/home', '/root/x', '/run', '/tmp', '/var/tmp', '/dev/pts/0', '/dev/shm'])('%s is its own', (path) => {
    expect(rightsAt(path, places)).toEqual(ALL);
  });

  test('what was mounted where nothing is planned can be listed, not opened', () => {
    expect(rightsAt('/leak/secret', places)).toEqual(['READ_DIR']);
  });

  test('the kernel is read: its settings lie beside the files of processes', () => {
    expect(rightsAt('/proc/sys/kernel/core_pattern', places)).toEqual(['READ_FILE', 'READ_DIR']);
    expect(rightsAt('/sys/kernel/uevent_helper', places)).toEqual(['READ_FILE', 'READ_DIR']);
  });

  test('a container that may write the settings of the kernel may do so here', () => {
    const open = placesOf({ readonlyPaths: [] });
    expect(rightsAt('/proc/sys/kernel/core_pattern', open)).toContain('WRITE_FILE');
  });

  test('a right is given once: what lies in a place has those of the place', () => {
    expect(places.places.map(({ path }) => path)).toEqual(
      expect.not.arrayContaining(['/dev/pts', '/dev/shm', '/dev/mqueue', '/etc/ssl/certs']),
    );
  });

  test('with a read-only root only mounts are written', () => {
    const readOnly = placesOf({ readonly: true, mounts: [bind('/home/me')], cwd: '/work' });
    for (const path of ['/home', '/tmp', '/var', '/work']) expect(rightsAt(path, readOnly)).toEqual(['READ_DIR']);
    expect(rightsAt('/home/me/file', readOnly)).toEqual(ALL);
  });
});

describe('the rights on a volume', () => {
  test.each<[string, string[], string[]]>([
    ['one that may be written has all', [], ALL],
    ['without devices no device is controlled', ['nodev'], ALL.filter((right) => right !== 'IOCTL_DEV')],
    ['without programs none is executed', ['nodev', 'noexec', 'ro'], ['READ_FILE', 'READ_DIR']],
    ['one that is read-only is used', ['nodev', 'ro'], USE],
    [
      'one whose submounts stay writable is written',
      ['nodev', 'noexec', 'ro=vfs'],
      ALL.filter((right) => !/EXEC|IOCTL/.test(right)),
    ],
  ])('%s', (_, options, rights) => {
    expect(rightsAt('/data/x', placesOf({ mounts: [bind('/data', ...options)] }))).toEqual(rights);
  });

  test('a file gets only what the kernel takes for a file', () => {
    const { places } = placesOf({ mounts: [bind('/data.txt', 'nodev')] });
    const file = places.find(({ path }) => path === '/data.txt');
    expect(rightsAt('/data.txt', { places: file ? [file] : [], loose: [] })).toEqual([
      'EXECUTE',
      'WRITE_FILE',
      'READ_FILE',
      'TRUNCATE',
    ]);
  });

  test('one that takes the place of a directory of the root has its own rights', () => {
    expect(rightsAt('/home/me', placesOf({ mounts: [bind('/home', 'nodev', 'ro')] }))).toEqual(USE);
  });

  test('one that is read-only in a place that is written is told of, for nothing can be taken back', () => {
    const { loose } = placesOf({ mounts: [bind('/home/me/src', 'nodev', 'ro'), bind('/data', 'ro')] });
    expect(loose).toEqual(['/home/me/src']);
  });
});

describe('the working directory', () => {
  test('is written when it was made for the container', () => {
    expect(rightsAt('/work/it', placesOf({ cwd: '/work/it' }))).toEqual(ALL);
    expect(rightsAt('/work', placesOf({ cwd: '/work/it' }))).toEqual(['READ_DIR']);
  });

  test.each(['/usr/lib', '/bin', '/tmp/../usr/share', '/etc/ssl', '/proc/self'])('%s stays what it is', (cwd) => {
    const { places } = placesOf({ cwd });
    expect(places).toEqual(placesOf().places);
  });

  test('in a read-only volume it stays read-only', () => {
    const mounts = [bind('/src', 'nodev', 'ro')];
    expect(rightsAt('/src/lib', placesOf({ mounts, cwd: '/src/lib' }))).toEqual(USE);
  });
});

test('a read-only root of another kind is used, and its mounts are written', () => {
  const places = placesOf({ hostRoot: undefined, readonly: true, mounts: [bind('/data', 'nodev')] });
  expect(rightsAt('/opt/tool', places)).toEqual(USE);
  expect(rightsAt('/data/x', places)).toContain('WRITE_FILE');
});
