import { AUDIT_ARCH, defaultProfile, notifyBlocked, numbersOf, readNotification, writeAnswer } from '@coracle/seccomp';
import { expect, test } from '@jest/globals';

function notification(auditArch: number, number: number): Uint8Array {
  const bytes = new Uint8Array(80);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, 77n, true);
  view.setUint32(8, 4711, true);
  view.setInt32(16, number, true);
  view.setUint32(20, auditArch, true);
  for (let index = 0; index < 6; index++) view.setBigUint64(32 + 8 * index, 2n ** 64n - 1n - BigInt(index), true);
  return bytes;
}

test.each([
  ['SCMP_ARCH_X86_64', 'mount'],
  ['SCMP_ARCH_X86', 'socketcall'],
  ['SCMP_ARCH_X32', 'ioctl'],
  ['SCMP_ARCH_AARCH64', 'openat'],
  ['SCMP_ARCH_ARM', 'set_tls'],
] as const)('a call of %s is told by its name: %s', (architecture, name) => {
  const number = numbersOf(architecture).get(name) ?? -1;
  expect(readNotification(notification(AUDIT_ARCH[architecture], number))).toEqual({
    id: 77n,
    pid: 4711,
    name,
    number,
    architecture,
    args: [0n, 1n, 2n, 3n, 4n, 5n].map((index) => 2n ** 64n - 1n - index),
  });
});

test('unknown numbers and architectures have no name', () => {
  expect(readNotification(notification(AUDIT_ARCH.SCMP_ARCH_X86_64, 9999)).name).toBeUndefined();
  expect(readNotification(notification(1, 0))).toMatchObject({ name: undefined, architecture: undefined });
});

test('answers', () => {
  const fields = (bytes: Uint8Array): [bigint, bigint, number, number] => {
    const view = new DataView(bytes.buffer);
    return [view.getBigUint64(0, true), view.getBigInt64(8, true), view.getInt32(16, true), view.getUint32(20, true)];
  };
  expect(fields(writeAnswer(5n, 'continue'))).toEqual([5n, 0n, 0, 1]);
  expect(fields(writeAnswer(5n, { errno: 'EPERM' }))).toEqual([5n, 0n, -1, 0]);
  expect(fields(writeAnswer(5n, { value: -3 }))).toEqual([5n, -3n, 0, 0]);
  expect(fields(writeAnswer(5n, { value: 2n ** 64n - 1n }))).toEqual([5n, -1n, 0, 0]);
});

test.each([
  [undefined],
  [null],
  ['yes'],
  [{}],
  [{ errno: 'ENONSENSE' }],
  [{ errno: 1 }],
  [{ errno: 'constructor' }],
  [{ value: 1.5 }],
  [{ value: '0' }],
  [{ errno: undefined, value: 0 }],
])('%p is no answer', (answer) => {
  const write: (id: bigint, answer: never) => Uint8Array = writeAnswer;
  expect(() => Reflect.apply(write, undefined, [5n, answer])).toThrow(/is no answer to a system call/);
});

test('a profile that asks about all it blocks blocks nothing', () => {
  const profile = notifyBlocked(defaultProfile({ arch: 'x64', capabilities: [], kernel: '6.0' }));
  const actions = new Set([profile.defaultAction, ...(profile.syscalls ?? []).map(({ action }) => action)]);
  expect([...actions].sort()).toEqual(['SCMP_ACT_ALLOW', 'SCMP_ACT_NOTIFY']);
});
