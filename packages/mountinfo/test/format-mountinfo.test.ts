import { formatMountinfo, type MountInfo, parseMountinfo } from '@coracle/mountinfo';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FIXTURES, fixture } from './fixture.ts';

test.each(FIXTURES)('%s is written byte for byte as the kernel wrote it', (name) => {
  const text = fixture(name);
  expect(formatMountinfo(parseMountinfo(text))).toBe(text);
});

test('no mounts are the empty text', () => {
  expect(formatMountinfo([])).toBe('');
});

const number = fc.integer({ min: 0, max: 2 ** 31 - 1 });
// Words rich in what needs an escape, and in what looks like one.
const word = fc.string({
  minLength: 1,
  unit: fc.constantFrom('a', '0', '4', ' ', '\t', '\n', '\\', '#', ',', '=', '-', ':', 'é'),
});
const mount: fc.Arbitrary<MountInfo> = fc.record({
  id: number,
  parentId: number,
  major: number,
  minor: number,
  root: word,
  mountPoint: word,
  options: fc.array(word),
  tags: fc.record(
    { shared: number, master: number, propagateFrom: number, unbindable: fc.constant(true) },
    { requiredKeys: [] },
  ),
  type: word,
  source: fc.oneof(word, fc.constant('')),
  superOptions: fc.array(word),
});

test('any mounts, written and parsed again, are the same', () => {
  fc.assert(
    fc.property(fc.array(mount), (mounts) => {
      expect(parseMountinfo(formatMountinfo(mounts))).toEqual(mounts);
    }),
  );
});

test('a written mount is one line, whatever its names', () => {
  fc.assert(
    fc.property(mount, (single) => {
      expect(formatMountinfo([single]).match(/\n/g)).toHaveLength(1);
    }),
  );
});
