import { expect, test } from '@jest/globals';
import { cgroupMounts } from '../src/cgroup-mounts.ts';

test('the same text is taken apart once, another one anew', () => {
  const mountedAt = (place: string): string => `30 25 0:26 / ${place} rw,nosuid - cgroup2 none rw\n`;
  const first = cgroupMounts(mountedAt('/one'));
  expect(cgroupMounts(mountedAt('/one'))).toBe(first);
  expect(cgroupMounts(mountedAt('/two')).map(({ mountPoint }) => mountPoint)).toEqual(['/two']);
  expect(cgroupMounts(mountedAt('/one'))).toEqual(first);
  expect(first.map(({ mountPoint }) => mountPoint)).toEqual(['/one']);
});
