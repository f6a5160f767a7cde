import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseKeyed, parseNumber } from '../src/index.ts';

// In the format of kernel 6.18.
const MEMORY_EVENTS = 'low 0\nhigh 0\nmax 41\noom 3\noom_kill 2\noom_group_kill 0\n';

describe('parseNumber', () => {
  test.each<[string | undefined, bigint | undefined]>([
    ['4096\n', 4096n],
    ['0\n', 0n],
    ['18446744073709551615\n', 18_446_744_073_709_551_615n],
    ['max\n', undefined],
    ['-1\n', undefined],
    ['', undefined],
    ['1 2\n', undefined],
    [undefined, undefined],
  ])('%j is %p', (text, number) => {
    expect(parseNumber(text)).toBe(number);
  });
});

describe('parseKeyed', () => {
  test('takes the number of the whole key, not of one that begins alike', () => {
    expect(parseKeyed(MEMORY_EVENTS, 'oom')).toBe(3n);
    expect(parseKeyed(MEMORY_EVENTS, 'oom_kill')).toBe(2n);
  });

  test('is undefined for a key that is not there, an empty text and none', () => {
    expect(parseKeyed(MEMORY_EVENTS, 'oom_')).toBeUndefined();
    expect(parseKeyed('', 'max')).toBeUndefined();
    expect(parseKeyed(undefined, 'max')).toBeUndefined();
  });

  test('is undefined for a value that is no number', () => {
    expect(parseKeyed('max lots\n', 'max')).toBeUndefined();
  });

  test('finds every number that was written under a name', () => {
    const name = fc.stringMatching(/^[a-z_]{1,12}$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.bigInt({ min: 0n, max: 2n ** 64n })), (numbers) => {
        const text = Object.entries(numbers)
          .map(([key, value]) => `${key} ${value}\n`)
          .join('');
        for (const [key, value] of Object.entries(numbers)) expect(parseKeyed(text, key)).toBe(value);
      }),
    );
  });
});
