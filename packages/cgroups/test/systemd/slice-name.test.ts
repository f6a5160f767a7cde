import { spawnSync } from 'node:child_process';
import { needs } from '@coracle/test-support';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sliceOf } from '../../src/systemd/slice-name.ts';

test.each([
  ['box', 'box.slice'],
  ['jobs/build', 'jobs-build.slice'],
  ['jobs/build-1', 'jobs-build\\x2d1.slice'],
  ['.hidden', '\\x2ehidden.slice'],
  ['a.b_c:d', 'a.b_c:d.slice'],
  ['größe', 'gr\\xc3\\xb6\\xc3\\x9fe.slice'],
])('%s is the slice %s', (name, slice) => {
  expect(sliceOf(name)).toBe(slice);
});

test('no two groups have one slice', () => {
  const part = fc.stringMatching(/^[a-c.\-\\_]{1,4}$/);
  const name = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  fc.assert(fc.property(name, name, (one, other) => expect(sliceOf(one) === sliceOf(other)).toBe(one === other)));
});

needs.test(needs.program('systemd-escape'))('names are escaped as systemd does', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ -.0-~ä]{1,20}$/), (name) => {
      const { stdout } = spawnSync('systemd-escape', ['--', name], { encoding: 'utf8' });
      expect(sliceOf(name)).toBe(`${stdout.trimEnd()}.slice`);
    }),
    { numRuns: 20 },
  );
});
