import { describe, expect, test } from '@jest/globals';
import { cpuWeightOf, ioWeightOf } from '../src/index.ts';

describe('the weight that stands for shares', () => {
  test.each([
    [2, 1],
    [102, 17],
    [512, 59],
    [1024, 100],
    [2000, 170],
    [262_144, 10_000],
    [1, 1],
    [300_000, 10_000],
  ])('of %i is %i', (shares, weight) => {
    expect(cpuWeightOf(shares)).toBe(weight);
  });

  test('more shares are never less weight, and every weight is one the kernel takes', () => {
    let last = 0;
    for (let shares = 2; shares <= 262_144; shares++) {
      const weight = cpuWeightOf(shares);
      if (weight < last || weight < 1 || weight > 10_000 || !Number.isInteger(weight)) {
        throw new Error(`${shares} shares have a weight of ${weight} after ${last}`);
      }
      last = weight;
    }
    expect(last).toBe(10_000);
  });
});

describe('the weight at disks that stands for one of version 1', () => {
  test.each([
    [10, 1],
    [100, 910],
    [500, 4950],
    [1000, 10_000],
  ])('of %i is %i', (old, weight) => {
    expect(ioWeightOf(old)).toBe(weight);
  });

  test('is higher for every higher one', () => {
    const weights = Array.from({ length: 991 }, (_, index) => ioWeightOf(index + 10));
    expect(new Set(weights).size).toBe(991);
    expect(weights).toEqual([...weights].sort((a, b) => a - b));
  });
});
