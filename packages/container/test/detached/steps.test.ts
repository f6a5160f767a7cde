import { toMask } from '@coracle/capabilities';
import { leaveForDetachedRoot, leaveOldRoot } from '@coracle/chroot-fs';
import { parseMountinfo } from '@coracle/mountinfo';
import type { Config } from '@coracle/oci-spec';
import { closeRange, execve, flags, PR, prctl, resultOf, type Step, step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { opensToOwner } from '../../src/detached/open-to-owner.ts';
import { planDetachedBirth } from '../../src/detached/plan-birth.ts';
import {
  keepKeyring,
  outliveMaker,
  passDescriptors,
  pauseBeforePivot,
  waitForStart,
} from '../../src/detached/steps-for-detached.ts';
import { wholeKernelMounts, withoutPivot } from '../../src/detached/without-pivot.ts';
import { keepOpen } from '../../src/plan/keep-open.ts';

const calls = (steps: readonly Step[]): string[] => steps.map(({ syscall }) => syscall);

test('a container that outlives its maker has no step that ends it with him, and all others', () => {
  const dying = prctl(flags(PR, 'PR_SET_PDEATHSIG'), [9], 'end with the maker');
  const other = prctl(flags(PR, 'PR_SET_DUMPABLE'), [0], 'be private');
  expect(outliveMaker([dying, other, dying])).toEqual([other]);
});

test('descriptors that are kept are left out of each range that is closed', () => {
  const ranges = (first: number, last: number, kept: number[]): unknown[] =>
    keepOpen([closeRange({ first, last }, 'close all')], kept).map(({ args }) => args.slice(0, 2));
  expect(ranges(4, 100, [])).toEqual([[4, 100]]);
  expect(ranges(4, 100, [50, 48])).toEqual([
    [4, 47],
    [49, 49],
    [51, 100],
  ]);
  expect(ranges(4, 100, [4, 100])).toEqual([[5, 99]]);
  expect(ranges(4, 5, [4, 5])).toEqual([]);
  expect(ranges(4, 40, [41])).toEqual([[4, 40]]);
});

test('the set-up stops once, right before the root is changed', () => {
  const paused = pauseBeforePivot(leaveOldRoot());
  expect(calls(paused)).toEqual(['fchdir', 'sendto', 'read', 'pivot_root', 'umount2', 'chdir', 'openat2']);
  expect(() => pauseBeforePivot([step('chdir', ['/'], 'stand at the root')])).toThrow(TypeError);
});

describe('without pivot_root', () => {
  const change = (parts: Partial<Parameters<typeof withoutPivot>[1]>): Step[] =>
    withoutPivot(leaveOldRoot(), { isPlaced: false, kernelMounts: [], ...parts });

  test('nothing is taken off that is not there', () => {
    expect(calls(change({}))).toEqual(['fchdir', 'chroot', 'chdir', 'openat2']);
  });

  test('a root that hooks were shown comes back to the top first', () => {
    expect(calls(change({ isPlaced: true }))).toEqual(['fchdir', 'move_mount', 'chroot', 'chdir', 'openat2']);
  });

  test("the host's /proc and /sys are taken off, or covered where they are locked", () => {
    const text = `20 1 0:4 / /proc rw - proc proc rw
21 1 0:5 / /sys rw - sysfs sysfs rw
22 20 0:4 /sys /proc/sys ro - proc proc rw
23 1 0:6 / /tmp rw - tmpfs tmpfs rw
`;
    const kernelMounts = wholeKernelMounts(parseMountinfo(text));
    expect(kernelMounts).toEqual(['/sys', '/proc']);
    expect(calls(change({ kernelMounts })).slice(1, 6)).toEqual(['umount2', 'umount2', 'mount', 'mount', 'chroot']);
  });
});

test('the keyring of the caller is kept by no step', () => {
  const steps = [step('keyctl', [1, null], 'have a keyring'), step('chdir', ['/'], 'stand at the root')];
  expect(calls(keepKeyring(steps))).toEqual(['chdir']);
});

const START = [
  step('setsid', [], 'start a session'),
  execve({ path: '/bin/true', argv: ['true'], env: [] }, 'start it'),
];

test('a program waits for one connection, or for two where a filter asks about calls, and lets nobody connect after that', () => {
  expect(calls(waitForStart(START, { notifies: false, preserved: 0 }).steps)).toEqual([
    'accept4',
    'dup3',
    'close',
    'close',
    'setsid',
    'execve',
  ]);
  expect(
    calls(waitForStart(START, { notifies: true, preserved: 0 }).steps).filter((call) => call === 'accept4'),
  ).toHaveLength(2);
});

test('an init that its owner may enter is open while it waits alone, and closed before any step of the way to the program', () => {
  const dumpable = (steps: readonly Step[]): unknown[] =>
    steps.map(({ syscall, args }) => (syscall === 'prctl' ? args[1] : syscall));
  expect(dumpable(pauseBeforePivot(leaveOldRoot(), { opens: true })).slice(0, 6)).toEqual([
    'fchdir',
    1,
    'sendto',
    'read',
    0,
    'pivot_root',
  ]);
  const { steps } = waitForStart(START, { notifies: true, preserved: 0, opens: true });
  expect(dumpable(steps).slice(-4)).toEqual(['close', 0, 'setsid', 'execve']);
});

test('an init opens to its owner where he could not enter by his rights, in a user namespace of its own', () => {
  const config = (...namespaces: { type: 'user' | 'pid'; path?: string }[]): Config => ({
    ociVersion: '1.0.0',
    root: { path: 'rootfs' },
    linux: { namespaces },
  });
  const tracing = toMask(['CAP_SYS_PTRACE']);
  expect(opensToOwner(config({ type: 'user' }), 0n)).toBe(true);
  expect(opensToOwner(config({ type: 'user' }), tracing)).toBe(false);
  expect(opensToOwner(config({ type: 'user', path: '/proc/7/ns/user' }), 0n)).toBe(false);
  expect(opensToOwner(config({ type: 'pid' }), 0n)).toBe(false);
});

test('descriptors are passed on as the last thing, and a failure brings the way to tell of it back', () => {
  const { steps, finally: failed = [] } = passDescriptors(START, 2);
  expect(calls(steps)).toEqual(['setsid', 'dup3', 'dup3', 'dup3', 'execve']);
  expect(steps.slice(1, 4).map(({ args }) => args.slice(0, 2))).toEqual([
    [3, 49],
    [512, 3],
    [513, 4],
  ]);
  expect(failed.map(({ args }) => args.slice(0, 2))).toEqual([[49, 3]]);
});

test('the agent that gives birth moves what is passed on before the numbers it came under are closed', () => {
  const birth = [
    step('clone3', [null, 0], { why: 'be born', result: 'init' }),
    step('close', [resultOf('init')], 'let go'),
  ];
  const { steps } = planDetachedBirth(birth, { preserved: 1 });
  expect(steps.map(({ syscall, args }) => [syscall, ...args.slice(0, 2)]).slice(0, 5)).toEqual([
    ['dup3', 8, 512],
    ['dup3', 7, 48],
    ['close_range', 7, 47],
    ['close_range', 49, 511],
    ['close_range', 513, 0xffffffff],
  ]);
});

test('in a mount namespace with others nothing of the host is taken off', () => {
  const steps = leaveForDetachedRoot();
  expect(withoutPivot(steps, { isPlaced: false, kernelMounts: ['/proc', '/sys'] })).toEqual(steps);
  expect(calls(pauseBeforePivot(steps))).toEqual(['fchdir', 'sendto', 'read', 'chroot', 'chdir']);
});
