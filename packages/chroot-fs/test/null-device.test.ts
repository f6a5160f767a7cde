import { mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explainNullDevice, holdNullDevice, inspectNullDevice } from '@coracle/chroot-fs';
import { renderStep } from '@coracle/syscalls';
import { expect, test } from '@jest/globals';

test('the null device is known by its numbers, also behind a link', () => {
  expect(inspectNullDevice()).toBe(statSync('/dev/null').mode);
  const directory = mkdtempSync(join(tmpdir(), 'chroot-fs-test-'));
  try {
    symlinkSync('/dev/null', join(directory, 'null'));
    expect(inspectNullDevice(join(directory, 'null'))).toBe(statSync('/dev/null').mode);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test.each(['/dev/zero', '/etc/passwd', '/'])('%s in its place is refused, with what to do', (path) => {
  const refusal = expect.objectContaining({ code: 'ENODEV', path, hint: expect.stringContaining('mknod -m 666') });
  expect(() => inspectNullDevice(path)).toThrow(refusal);
});

test('where there is none that is said', () => {
  const refusal = expect.objectContaining({ code: 'ENOENT', path: '/none/null' });
  expect(() => inspectNullDevice('/none/null')).toThrow(refusal);
});

test('what is held is looked at through its descriptor, and let go of the host', () => {
  expect(holdNullDevice(0o20666).map(renderStep)).toEqual([
    'open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) -> <null>',
    'statx(<null>, "", AT_EMPTY_PATH, 2047, &null device)',
    'futex(&null device[28], FUTEX_CMP_REQUEUE|FUTEX_PRIVATE_FLAG, 0, 0, &null device[28], 8630)',
    'futex(&null device[128], FUTEX_CMP_REQUEUE|FUTEX_PRIVATE_FLAG, 0, 0, &null device[128], 1)',
    'futex(&null device[132], FUTEX_CMP_REQUEUE|FUTEX_PRIVATE_FLAG, 0, 0, &null device[132], 3)',
    'mount_setattr(<null>, "", AT_EMPTY_PATH, {set: MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID|MOUNT_ATTR_NOEXEC, propagation: MS_PRIVATE}, 32)',
  ]);
});

test('a comparison that fails is explained, and nothing else is', () => {
  const compare = holdNullDevice(0o20666).filter(({ syscall }) => syscall === 'futex');
  expect(compare.map((step) => explainNullDevice(step)?.text)).toEqual(
    Array(3).fill('/dev/null of the host is not the null device'),
  );
  for (const step of holdNullDevice(0o20666).filter(({ syscall }) => syscall !== 'futex'))
    expect(explainNullDevice(step)).toBeUndefined();
});
