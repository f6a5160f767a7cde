import { isReadOnly, parseMountinfo } from '@coracle/mountinfo';
import { expect, test } from '@jest/globals';

test.each([
  ['both writable', 'rw,noatime', 'rw', false],
  ['the mount read-only, the file system not', 'ro,nosuid', 'rw', true],
  ['the file system read-only, the mount not', 'rw', 'ro', true],
  ['both read-only', 'ro', 'ro', true],
  ['an option that only mentions ro', 'rw', 'rw,errors=remount-ro', false],
])('%s', (_, options, superOptions, expected) => {
  const [mount] = parseMountinfo(`36 35 8:1 / /a ${options} - ext4 /dev/sda1 ${superOptions}\n`);
  expect(mount && isReadOnly(mount)).toBe(expected);
});
