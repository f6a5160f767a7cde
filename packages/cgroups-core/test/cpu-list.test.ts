import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatCpuList, parseCpuList } from '../src/index.ts';

describe('a list of processors', () => {
  test.each<[string, number[] | undefined]>([
    ['', []],
    ['\n', []],
    ['0', [0]],
    ['0-3,7\n', [0, 1, 2, 3, 7]],
    ['7,0-1,1', [0, 1, 7]],
    [' 1 , 2 ', [1, 2]],
    ['3-1', undefined],
    ['1,', undefined],
    ['a', undefined],
    ['-1', undefined],
    ['1-', undefined],
    ['0-65536', undefined],
    ['0:1', undefined],
  ])('%j', (text, numbers) => {
    expect(parseCpuList(text)).toEqual(numbers);
  });

  const numbers = fc.array(fc.nat(300), { maxLength: 40 });

  test('what is written can be read again', () => {
    fc.assert(
      fc.property(numbers, (list) => {
        expect(parseCpuList(formatCpuList(list))).toEqual([...new Set(list)].sort((a, b) => a - b));
      }),
    );
  });

  test('is written as the kernel does: no range touches the next', () => {
    fc.assert(
      fc.property(numbers, (list) => {
        const parts = formatCpuList(list).split(',').filter(Boolean);
        const ends = parts.map((part) => part.split('-').map(Number));
        for (const [index, end] of ends.entries()) {
          expect(end[0]).toBeGreaterThan((ends[index - 1]?.at(-1) ?? -2) + 1);
        }
      }),
    );
  });
});
