import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseFlat, parseKeyed, parseLimit, parseNumber, parsePressure, sumIo } from '../src/index.ts';

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

test('a line that was cut off holds no number: digits may be missing', () => {
  expect(parseKeyed('usage_usec 12\nuser_usec 34', 'user_usec')).toBeUndefined();
  expect(parseKeyed('usage_usec 12', 'usage_usec')).toBeUndefined();
  expect(parseFlat('sev 3\nsev_es 4')).toEqual({ sev: 3n });
});

test('a limit is a number or none at all', () => {
  expect(['max\n', '20\n', '', '-1\n', undefined].map(parseLimit)).toEqual([
    'max',
    20n,
    undefined,
    undefined,
    undefined,
  ]);
});

describe('parsePressure', () => {
  const SOME = 'some avg10=0.00 avg60=3.86 avg300=3.61 total=23005803\n';
  const some = { avg10Percent: 0, avg60Percent: 3.86, avg300Percent: 3.61, totalNanoseconds: 23_005_803_000n };

  test('reads both lines, and one alone where the kernel gives no other', () => {
    expect(parsePressure(`${SOME}${SOME.replace('some', 'full')}`)).toEqual({ some, full: some });
    expect(parsePressure(SOME)).toEqual({ some });
  });

  test.each([
    undefined,
    '',
    'some\n',
    SOME.trimEnd(),
    'some avg10=x avg60=0.00 avg300=0.00 total=1\n',
    'none avg10=0.00 avg60=0.00 avg300=0.00 total=1\n',
  ])('%j holds none', (text) => {
    expect(parsePressure(text)).toBeUndefined();
  });
});

test('the sum over devices is the sum of the devices', () => {
  const device = fc.constantFrom('8:0', '8:16', '254:0');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(device, fc.record({ readBytes: fc.bigInt({ min: 0n, max: 2n ** 64n }) }))),
      (counted) => {
        const { devices, readBytes } = sumIo(counted);
        expect(Object.values(devices).reduce((sum, one) => sum + one.readBytes, 0n)).toBe(readBytes);
        expect(counted.reduce((sum, [, one]) => sum + one.readBytes, 0n)).toBe(readBytes);
      },
    ),
  );
});
