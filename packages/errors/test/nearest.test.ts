import { nearest } from '@coracle/errors';
import { describe, expect, test } from '@jest/globals';

describe('the nearest word', () => {
  test.each([
    ['rnu', 'run'],
    ['explian', 'explain'],
    ['zzz', undefined],
    ['', undefined],
    ['z', undefined],
  ])('%s: %p', (word, expected) => {
    expect(nearest(word, ['run', 'explain', 'doctor', 'u'])).toBe(expected);
  });
});
