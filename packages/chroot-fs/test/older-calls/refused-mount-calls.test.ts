import { readdirSync, readFileSync } from 'node:fs';
import { isMountCall, refusedMountCalls } from '@coracle/chroot-fs';
import { flags, mountSetattr, openTree, runLocally } from '@coracle/syscalls';
import { expect, test } from '@jest/globals';

const ENOSYS = -38;
const EPERM = -1;

test.each([
  ['open_tree', openTree({ path: '/', flags: 0 }, 'look')],
  ['mount_setattr', mountSetattr({ mount: -1, flags: flags({}) }, 'look')],
] as const)('%s is refused if a sound call of it, for which no rights are needed, is', (name, step) => {
  const { results } = runLocally([{ ...step, tolerate: 'any' }]);
  expect(refusedMountCalls().includes(name)).toBe(results[0] === ENOSYS || results[0] === EPERM);
});

test('asking leaves no descriptor open and mounts nothing', () => {
  const seen = (): unknown => [readdirSync('/proc/self/fd'), readFileSync('/proc/self/mountinfo', 'utf8')];
  const before = seen();
  refusedMountCalls();
  expect(seen()).toEqual(before);
});

test('its names are known', () => {
  expect(['fsopen', 'mount', undefined].map(isMountCall)).toEqual([true, false, false]);
});
