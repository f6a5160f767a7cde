import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rates, type Snapshot, sumIo } from '../src/index.ts';

const SECOND = 1_000_000_000n;

test('processor time is a number of processors', () => {
  const before = {
    atNanoseconds: 10n * SECOND,
    cpu: { usageNanoseconds: SECOND, userNanoseconds: 0n, systemNanoseconds: 0n },
  };
  const after = {
    atNanoseconds: 12n * SECOND,
    cpu: { usageNanoseconds: 4n * SECOND, userNanoseconds: 2n * SECOND, systemNanoseconds: SECOND },
  };
  expect(rates(before, after)).toEqual({
    seconds: 2,
    cpu: { processors: 1.5, userProcessors: 1, systemProcessors: 0.5 },
  });
});

test('the share of periods in which the limit was met; none where no period passed', () => {
  const at = (atNanoseconds: bigint, periods: bigint, throttledPeriods: bigint): Snapshot => ({
    atNanoseconds,
    cpu: { periods, throttledPeriods },
  });
  expect(rates(at(0n, 10n, 1n), at(SECOND, 20n, 6n)).cpu).toEqual({ throttledShare: 0.5 });
  expect(rates(at(0n, 10n, 1n), at(SECOND, 10n, 1n)).cpu).toEqual({});
});

test('traffic in total and of each device; a device that is new had done nothing', () => {
  const before = { atNanoseconds: 0n, io: sumIo([['8:0', { readBytes: 100n }]]) };
  const after = {
    atNanoseconds: SECOND / 2n,
    io: sumIo([
      ['8:0', { readBytes: 150n, writeOperations: 3n }],
      ['8:16', { writtenBytes: 20n }],
    ]),
  };
  const { io } = rates(before, after);
  expect(io).toMatchObject({ readBytesPerSecond: 100, writtenBytesPerSecond: 40, writeOperationsPerSecond: 6 });
  expect(io?.devices['8:16']).toMatchObject({ readBytesPerSecond: 0, writtenBytesPerSecond: 40 });
});

test('pressure is a share of the time', () => {
  const stall = (totalNanoseconds: bigint) => ({
    avg10Percent: 0,
    avg60Percent: 0,
    avg300Percent: 0,
    totalNanoseconds,
  });
  const before = { atNanoseconds: 0n, pressure: { memory: { some: stall(0n), full: stall(0n) } } };
  const after = {
    atNanoseconds: SECOND,
    pressure: { memory: { some: stall(SECOND / 4n), full: stall(0n) }, io: { some: stall(5n) } },
  };
  expect(rates(before, after).pressure).toEqual({ memory: { someShare: 0.25, fullShare: 0 }, io: {} });
});

test.each([
  ['no time between them', 5n, 5n],
  ['the later one first', 7n, 5n],
])('snapshots with %s have no rates', (_, earlier, later) => {
  const before = { atNanoseconds: earlier, cpu: { usageNanoseconds: 1n } };
  expect(rates(before, { atNanoseconds: later, cpu: { usageNanoseconds: 9n } })).toEqual({ seconds: 0 });
});

test('a counter that went back began at zero: the group was made anew', () => {
  const before = { atNanoseconds: 0n, cpu: { usageNanoseconds: 900n * SECOND } };
  const after = { atNanoseconds: SECOND, cpu: { usageNanoseconds: SECOND / 2n } };
  expect(rates(before, after).cpu).toEqual({ processors: 0.5 });
});

test('parts that one of the two lacks have no rates', () => {
  const before = { atNanoseconds: 0n, io: sumIo([]) };
  expect(rates(before, { atNanoseconds: SECOND, cpu: { usageNanoseconds: 1n } })).toEqual({ seconds: 1 });
});

test('no rate is negative, infinite or no number, whatever the counters', () => {
  const counter = fc.bigInt({ min: 0n, max: 2n ** 64n });
  const snapshot = fc.record({
    atNanoseconds: counter,
    cpu: fc.record({ usageNanoseconds: counter, periods: counter, throttledPeriods: counter }, { requiredKeys: [] }),
    io: counter.map((readBytes) => sumIo([['8:0', { readBytes }]])),
  });
  fc.assert(
    fc.property(snapshot, snapshot, (before, after) => {
      const { cpu = {}, io, seconds } = rates(before, after);
      for (const number of [seconds, ...Object.values(cpu), io?.readBytesPerSecond ?? 0]) {
        expect(Number.isFinite(number) && number >= 0).toBe(true);
      }
    }),
  );
});
