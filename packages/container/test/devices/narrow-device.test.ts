import { expect, test } from '@jest/globals';
import { hasNarrowDevice } from '../../src/devices/config-devices.ts';

test.each<[string | undefined, boolean]>([
  [undefined, false],
  ['rwm', false],
  ['rw', false],
  ['r', true],
  ['w', true],
  ['m', true],
])('a device with the access %p needs rules of a cgroup to be narrow: %p', (access, narrow) => {
  const device = { path: '/dev/fuse', ...(access === undefined ? {} : { access }) };
  expect(hasNarrowDevice({ devices: [{ path: '/dev/null' }, device] })).toBe(narrow);
  expect(hasNarrowDevice({})).toBe(false);
});
