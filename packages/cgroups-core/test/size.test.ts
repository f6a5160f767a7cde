import { isErrno } from '@coracle/errors';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseSize } from '../src/index.ts';

const UNITS = ['', 'k', 'm', 'g', 't', 'p'];

describe('parseSize reads a size as people write it', () => {
  test.each([
    ['0', 0n],
    ['1', 1n],
    ['007', 7n],
    ['512b', 512n],
    ['1k', 1024n],
    ['1K', 1024n],
    ['1kb', 1024n],
    ['1KiB', 1024n],
    ['256m', 268_435_456n],
    ['256MB', 268_435_456n],
    ['1g', 1_073_741_824n],
    ['1.5g', 1_610_612_736n],
    ['0.5k', 512n],
    ['2t', 2_199_023_255_552n],
    ['1p', 1_125_899_906_842_624n],
    [' 64m\n', 67_108_864n],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test('a fraction of a byte is cut off', () => {
    expect(parseSize('1.9')).toBe(1n);
    expect(parseSize('0.0009k')).toBe(0n);
    expect(parseSize('0.3k')).toBe(307n);
  });
});

describe('parseSize refuses what is no size', () => {
  test.each([
    '',
    ' ',
    'max',
    '-1',
    '+1',
    '1e3',
    '1 m',
    '1,5g',
    '1.',
    '.5g',
    '1x',
    '1kk',
    '5i',
    '5ib',
    '1ki',
    '0x10',
    'Infinity',
    '1.0000000001',
    '12345678901234567890',
  ])('%j', (text) => {
    expect(failureOf(text)).toMatchObject({ code: 'EINVAL', syscall: 'parseSize' });
  });

  test('one byte more than the kernel can count', () => {
    expect(isErrno(failureOf('9223372036854775808'), 'EINVAL')).toBe(true);
    expect(isErrno(failureOf('8192p'), 'EINVAL')).toBe(true);
    expect(parseSize('8191p')).toBe(8191n << 50n);
  });

  test('the error shows what was given and what may be written', () => {
    expect(failureOf('lots')).toMatchObject({
      message: "EINVAL: 'lots' is no size, parseSize",
      hint: 'write a number of bytes, or a number with k, m, g, t or p, such as 256m or 1.5g',
    });
  });
});

describe('for all sizes', () => {
  test('a whole number with a unit is that many of the unit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8191 }),
        fc.nat({ max: 5 }),
        fc.constantFrom('', 'b', 'ib'),
        (n, power, end) => {
          const suffix = power === 0 ? end.replace('i', '') : end;
          expect(parseSize(`${n}${UNITS[power]}${suffix}`)).toBe(BigInt(n) << BigInt(10 * power));
        },
      ),
    );
  });

  test('digits alone come back as they went in', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (bytes) => {
        expect(parseSize(String(bytes))).toBe(bytes);
      }),
    );
  });

  test('case does not matter', () => {
    fc.assert(
      fc.property(fc.nat({ max: 999 }), fc.nat({ max: 999 }), fc.constantFrom(...UNITS), (whole, fraction, unit) => {
        const text = `${whole}.${fraction}${unit}`;
        expect(parseSize(text.toUpperCase())).toBe(parseSize(text));
      }),
    );
  });

  test('a text either has a size that is not negative, or is refused with EINVAL', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.kmgibKMGx- ') }), (text) => {
        try {
          expect(parseSize(text)).toBeGreaterThanOrEqual(0n);
        } catch (error) {
          expect(isErrno(error, 'EINVAL')).toBe(true);
        }
      }),
    );
  });
});

function failureOf(text: string): unknown {
  try {
    return parseSize(text);
  } catch (error) {
    return error;
  }
}
