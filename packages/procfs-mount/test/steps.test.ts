import { askFilesystem, createProc, createSysfs, isFilesystem, mountProc, openMountpoint } from '@coracle/procfs-mount';
import { encode, renderStep, resultOf, type Step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';

const calls = (steps: Step[]): string[] => steps.map(renderStep);
const purposes = (steps: Step[]): string[] => [...new Set(steps.map(({ why }) => why))];

describe('a new proc', () => {
  test('is made detached, without set-user-id, devices and programs, and named proc', () => {
    expect(calls(createProc())).toEqual([
      'fsopen("proc", FSOPEN_CLOEXEC) -> <fs>',
      'fsconfig(<fs>, FSCONFIG_SET_STRING, "source", "proc", 0)',
      'fsconfig(<fs>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)',
      'fsmount(<fs>, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC) -> <proc>',
      'close(<fs>)',
    ]);
  });

  test('says in every step what it is for', () => {
    expect(purposes(createProc({ hidepid: 'noaccess' }))).toEqual(["make the container's processes visible to ps"]);
  });

  test('can hide the processes of others and the files of the kernel', () => {
    expect(calls(createProc({ hidepid: 'invisible', subset: 'pid' })).slice(2, 4)).toEqual([
      'fsconfig(<fs>, FSCONFIG_SET_STRING, "hidepid", "invisible", 0)',
      'fsconfig(<fs>, FSCONFIG_SET_STRING, "subset", "pid", 0)',
    ]);
  });

  test('can have another name', () => {
    expect(createProc({ result: 'mount' }).at(-2)?.result).toBe('mount');
  });
});

describe('a new sysfs', () => {
  test.each([
    [true, 'MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC'],
    [false, 'MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC'],
  ])('with readonly %s has the attributes %s', (readonly, attributes) => {
    expect(calls(createSysfs({ readonly }))).toEqual([
      'fsopen("sysfs", FSOPEN_CLOEXEC) -> <fs>',
      'fsconfig(<fs>, FSCONFIG_SET_STRING, "source", "sysfs", 0)',
      'fsconfig(<fs>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)',
      `fsmount(<fs>, FSMOUNT_CLOEXEC, ${attributes}) -> <sysfs>`,
      'close(<fs>)',
    ]);
  });

  test('says whether it is read-only', () => {
    expect(purposes(createSysfs({ readonly: true }))).toEqual([
      'show the devices and the kernel to the container, read-only',
    ]);
    expect(purposes(createSysfs({ readonly: false }))).toEqual(['show the devices and the kernel']);
  });
});

describe('a mountpoint', () => {
  test('is opened without following any link', () => {
    expect(calls(openMountpoint({ root: resultOf('rootfs'), path: '/proc' }))).toEqual([
      'openat2(<rootfs>, "/proc", {flags: O_PATH|O_DIRECTORY|O_CLOEXEC, resolve: RESOLVE_IN_ROOT|RESOLVE_NO_SYMLINKS|RESOLVE_NO_MAGICLINKS}, 24) -> <mountpoint>',
    ]);
  });

  test('is named in the purpose', () => {
    expect(purposes(openMountpoint({ root: 5, path: '/sys', result: 'sys' }))).toEqual([
      'find the directory /sys of the container',
    ]);
  });
});

describe('mounting a proc', () => {
  test('joins two descriptors, and no path is looked up for it', () => {
    const steps = calls(mountProc({ root: 5 }));
    expect(steps.at(-3)).toBe(
      'move_mount(<proc>, "", <mountpoint>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)',
    );
    expect(steps.slice(-2)).toEqual(['close(<mountpoint>)', 'close(<proc>)']);
  });

  test('passes the options on', () => {
    expect(calls(mountProc({ root: 5, path: '/other', hidepid: 'off' })).join('\n')).toMatch(
      /"hidepid", "off".*"\/other"/s,
    );
  });
});

describe('the type of a file system', () => {
  const statfs = (magic: number): Uint8Array => {
    const bytes = new Uint8Array(120);
    new DataView(bytes.buffer).setBigInt64(0, BigInt(magic), true);
    return bytes;
  };

  test('is told by its magic number', () => {
    expect(isFilesystem(statfs(0x9fa0), 'proc')).toBe(true);
    expect(isFilesystem(statfs(0x62656572), 'sysfs')).toBe(true);
  });

  test('of a tmpfs in its place is neither', () => {
    expect(isFilesystem(statfs(0x01021994), 'proc')).toBe(false);
    expect(isFilesystem(statfs(0x01021994), 'sysfs')).toBe(false);
    expect(isFilesystem(statfs(0x9fa0), 'sysfs')).toBe(false);
  });

  test('is asked of a descriptor', () => {
    expect(calls(askFilesystem({ fd: resultOf('proc') }))).toEqual(['fstatfs(<proc>, &statfs)']);
  });
});

test('all steps can be sent to an agent of either architecture', () => {
  const steps = [
    ...mountProc({ root: 5, hidepid: 'ptraceable', subset: 'pid' }),
    ...createSysfs({ readonly: true }),
    ...askFilesystem({ fd: 5 }),
  ];
  for (const arch of ['x64', 'arm64'] as const) {
    expect(encode({ steps }, { base: 0x10000000n, arch }).steps).toHaveLength(steps.length);
  }
});
