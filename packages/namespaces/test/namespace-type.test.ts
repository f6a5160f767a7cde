import { NAMESPACE_TYPES, type NamespaceType, namespaceFile, namespaceFlags } from '@coracle/namespaces';
import { describe, expect, test } from '@jest/globals';

/** From linux/sched.h and the names of the files in /proc/PID/ns. */
const KERNEL: [NamespaceType, number, string][] = [
  ['mount', 0x00020000, 'mnt'],
  ['pid', 0x20000000, 'pid'],
  ['uts', 0x04000000, 'uts'],
  ['ipc', 0x08000000, 'ipc'],
  ['network', 0x40000000, 'net'],
  ['cgroup', 0x02000000, 'cgroup'],
  ['time', 0x00000080, 'time'],
  ['user', 0x10000000, 'user'],
];

describe('the kinds of namespace', () => {
  test.each(KERNEL)('%s has the flag and the file of the kernel', (type, flag, file) => {
    expect(namespaceFlags([type]).value).toBe(flag);
    expect(namespaceFile(type)).toBe(file);
  });

  test('are all listed', () => {
    expect(NAMESPACE_TYPES.toSorted()).toEqual(KERNEL.map(([type]) => type).toSorted());
  });
});

describe('the flags of several kinds', () => {
  test('are one number with all names', () => {
    expect(namespaceFlags(['pid', 'mount'])).toEqual({
      kind: 'flags',
      value: 0x20020000,
      text: 'CLONE_NEWNS|CLONE_NEWPID',
    });
  });

  test('do not depend on the order asked for, nor on repetition', () => {
    expect(namespaceFlags(['uts', 'pid', 'uts'])).toEqual(namespaceFlags(['pid', 'uts']));
  });

  test('of no kind are 0', () => {
    expect(namespaceFlags([])).toEqual({ kind: 'flags', value: 0, text: '0' });
  });

  test('of all kinds together are what clone3 takes for a container', () => {
    expect(namespaceFlags(NAMESPACE_TYPES).value).toBe(0x7e020080);
  });
});
