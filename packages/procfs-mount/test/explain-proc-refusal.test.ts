import { type ErrnoName, errnoNumber } from '@coracle/errors';
import { createProc, createSysfs, explainProcRefusal, isMaskedProc, openMountpoint } from '@coracle/procfs-mount';
import { mount, type Step, SyscallError } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';

/** The error of the step of this program that makes this call (the last one, where it is made twice). */
function refused(steps: readonly Step[], syscall: Step['syscall'], code: ErrnoName): SyscallError {
  const step = steps.findLast((candidate) => candidate.syscall === syscall);
  if (!step) throw new Error(`no step makes the call ${syscall}`);
  return new SyscallError(step, -errnoNumber(code));
}

/** The error of mount(2) of a file system, as where there are no newer calls. */
function mounting(type: string, code: ErrnoName): SyscallError {
  return refused([mount({ source: type, target: '/mnt', type }, 'show it')], 'mount', code);
}

const mountpoint = openMountpoint({ root: 5, path: '/proc' });

describe('the refusal of', () => {
  test.each<[string, SyscallError, RegExp]>([
    [
      'a proc where the own one is masked',
      refused(createProc(), 'fsmount', 'EPERM'),
      /systempaths=unconfined.*unmask=ALL/,
    ],
    [
      'a sysfs where the own one is masked',
      refused(createSysfs({ readonly: true }), 'fsmount', 'EPERM'),
      /systempaths=unconfined/,
    ],
    [
      'a proc of a pid namespace that is shared',
      refused(createProc(), 'fsconfig', 'EPERM'),
      /pid namespace of its own/,
    ],
    [
      'a sysfs of a network that is shared',
      refused(createSysfs({ readonly: true }), 'fsopen', 'EPERM'),
      /network namespace of its own/,
    ],
    [
      'a proc option the kernel does not know',
      refused(createProc({ subset: 'pid' }), 'fsconfig', 'EINVAL'),
      /Linux 5\.8/,
    ],
    [
      'a file system the kernel does not know',
      refused(createSysfs({ readonly: true }), 'fsopen', 'ENODEV'),
      /built without/,
    ],
    ['a proc by mount(2)', mounting('proc', 'EPERM'), /systempaths=unconfined/],
    ['a proc option by mount(2)', mounting('proc', 'EINVAL'), /Linux 5\.8/],
    ['a sysfs by mount(2)', mounting('sysfs', 'EPERM'), /network namespace of its own/],
    ['a mountpoint that is a link', refused(mountpoint, 'openat2', 'ELOOP'), /symbolic link.*CVE-2019-19921/],
    ['a mountpoint that is a file', refused(mountpoint, 'openat2', 'ENOTDIR'), /no directory/],
    ['a mountpoint that is missing', refused(mountpoint, 'openat2', 'ENOENT'), /make an empty one/],
  ])('%s is explained with its remedy', (_, error, remedy) => {
    expect(explainProcRefusal(error)).toMatch(remedy);
  });

  test('other calls, or for other reasons, is left to others', () => {
    expect(explainProcRefusal(refused(createProc(), 'fsopen', 'EMFILE'))).toBeUndefined();
    expect(explainProcRefusal(refused(createProc(), 'close', 'EPERM'))).toBeUndefined();
    expect(explainProcRefusal(mounting('tmpfs', 'EPERM'))).toBeUndefined();
  });

  test.each([[undefined], [null], ['EPERM'], [new Error('other')], [{ syscall: 'fsmount' }], [{ code: 'EPERM' }]])(
    'no step at all (%p) is not explained',
    (value) => {
      expect(explainProcRefusal(value)).toBeUndefined();
      expect(isMaskedProc(value)).toBe(false);
    },
  );
});

test('only the refusal at the mount means that the own /proc is masked', () => {
  expect(isMaskedProc(refused(createProc(), 'fsmount', 'EPERM'))).toBe(true);
  expect(isMaskedProc(refused(createProc(), 'fsconfig', 'EPERM'))).toBe(false);
  expect(isMaskedProc(refused(createProc(), 'fsmount', 'EBUSY'))).toBe(false);
});
