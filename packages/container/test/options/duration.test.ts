import { describe, expect, test } from '@jest/globals';
import { parseDuration } from '../../src/options/duration.ts';

describe('parseDuration', () => {
  test.each([
    [250, 250],
    ['500ms', 500],
    ['5s', 5000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
  ])('%p is %p ms', (duration, milliseconds) => {
    expect(parseDuration(duration)).toBe(milliseconds);
  });

  test.each(['', '5', 's', '-1s', '0s', '5 s', '5d', '1e3s', '600h', 0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    '%p is refused, and the error says what to write',
    (duration) => {
      expect(() => parseDuration(duration)).toThrow(
        expect.objectContaining({ code: 'ERR_CORACLE_OPTION', hint: expect.stringContaining('5s') }),
      );
    },
  );
});
