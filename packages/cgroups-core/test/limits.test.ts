import { describe, expect, test } from '@jest/globals';
import { CPU_PERIOD_USEC, checkLimits, cpuQuotaUsec, type Limits, limitedResources } from '../src/index.ts';

describe('checkLimits lets through', () => {
  test.each<[string, Limits]>([
    ['nothing at all', {}],
    ['zero processes', { pids: 0 }],
    ['any number of processes', { pids: 4_194_304 }],
    ['no limit of processes', { pids: 'max' }],
    ['zero bytes', { memory: 0n }],
    ['more bytes than a double holds', { memory: 2n ** 62n + 1n }],
    ['no limit of memory', { memory: 'max' }],
    ['memory alone, in the long form', { memory: { max: 1n } }],
    ['as much with swap', { memory: { max: 1n, maxWithSwap: 1n } }],
    ['more with swap', { memory: { max: 1n, maxWithSwap: 2n } }],
    ['no limit with swap', { memory: { max: 1n, maxWithSwap: 'max' } }],
    ['no limit with swap, alone', { memory: { maxWithSwap: 'max' } }],
    ['a hundredth of a processor', { cpus: 0.01 }],
    ['more than one processor', { cpus: 2.5 }],
    ['no limit of processors', { cpus: 'max' }],
  ])('%s', (_, limits) => {
    expect(checkLimits(limits)).toBeUndefined();
  });
});

describe('checkLimits refuses', () => {
  const processes = "write a whole number from 0 on, or 'max'";
  const bytes = "write a bigint of bytes from 0n on, or 'max'; parseSize makes one of a text";
  const both = "write at least as much as memory.max, or 'max'";
  const processors = "write a number from 0.01 on, or 'max'";
  test.each<[Limits, string, string]>([
    [{ pids: -1 }, "EINVAL: -1 cannot be the limit, limit 'pids'", processes],
    [{ pids: 1.5 }, "EINVAL: 1.5 cannot be the limit, limit 'pids'", processes],
    [{ pids: Number.NaN }, "EINVAL: NaN cannot be the limit, limit 'pids'", processes],
    [{ pids: Number.POSITIVE_INFINITY }, "EINVAL: Infinity cannot be the limit, limit 'pids'", processes],
    [{ memory: -1n }, "EINVAL: -1 cannot be the limit, limit 'memory'", bytes],
    [{ memory: 2n ** 63n }, "EINVAL: 9223372036854775808 cannot be the limit, limit 'memory'", bytes],
    [{ memory: { max: -1n } }, "EINVAL: -1 cannot be the limit, limit 'memory'", bytes],
    [{ memory: { max: 2n, maxWithSwap: -1n } }, "EINVAL: -1 cannot be the limit, limit 'memory.maxWithSwap'", bytes],
    [{ memory: { max: 2n, maxWithSwap: 1n } }, "EINVAL: 1 cannot be the limit, limit 'memory.maxWithSwap'", both],
    [{ memory: { maxWithSwap: 1n } }, "EINVAL: 1 cannot be the limit, limit 'memory.maxWithSwap'", both],
    [{ memory: { max: 'max', maxWithSwap: 1n } }, "EINVAL: 1 cannot be the limit, limit 'memory.maxWithSwap'", both],
    [{ cpus: 1e12 }, "EINVAL: 1000000000000 cannot be the limit, limit 'cpus'", processors],
    [{ cpus: 0 }, "EINVAL: 0 cannot be the limit, limit 'cpus'", processors],
    [{ cpus: 0.009 }, "EINVAL: 0.009 cannot be the limit, limit 'cpus'", processors],
    [{ cpus: -1 }, "EINVAL: -1 cannot be the limit, limit 'cpus'", processors],
    [{ cpus: Number.POSITIVE_INFINITY }, "EINVAL: Infinity cannot be the limit, limit 'cpus'", processors],
    [{ cpus: Number.NaN }, "EINVAL: NaN cannot be the limit, limit 'cpus'", processors],
  ])('%p', (limits, message, hint) => {
    expect(() => checkLimits(limits)).toThrow(expect.objectContaining({ code: 'EINVAL', message, hint }));
  });

  test.each([
    [{ memory: 1024 }, '1024'],
    [{ memory: Number.NaN }, 'NaN'],
    [{ memory: '5m' }, '5m'],
    [{ memory: null }, 'null'],
    [{ memory: { max: 1n, maxWithSwap: 5 } }, '5'],
    [{ memory: { max: null } }, 'null'],
    [{ pids: '20' }, '20'],
    [{ cpus: '1' }, '1'],
    [{ cpus: null }, 'null'],
  ])('%p, which a caller without a compiler can pass', (limits, given) => {
    // @ts-expect-error: what a JavaScript program passes
    expect(() => checkLimits(limits)).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining(`${given} cannot be the limit`) }),
    );
  });

  test('a bad limit beside a good one', () => {
    expect(() => checkLimits({ pids: 20, cpus: 0 })).toThrow(expect.objectContaining({ path: 'cpus' }));
  });
});

describe('limitedResources', () => {
  test('names what is asked for, in a fixed order', () => {
    expect(limitedResources({ cpus: 1, memory: 0n, pids: 0 })).toEqual(['pids', 'memory', 'cpus']);
    expect(limitedResources({ cpus: 'max' })).toEqual(['cpus']);
  });

  test('leaves out what stays as it is', () => {
    expect(limitedResources({})).toEqual([]);
  });
});

test('a quota is a whole number of microseconds of each period', () => {
  expect(cpuQuotaUsec(1)).toBe(CPU_PERIOD_USEC);
  expect(cpuQuotaUsec(0.5)).toBe(50_000);
  expect(cpuQuotaUsec(0.123456)).toBe(12_346);
});
