import type { CpuStats, IoCounters, IoStats, Pressure, Snapshot, Stall } from './stats.ts';
import { present } from './stats-text.ts';

/** What was used between two snapshots, for each second that passed. Parts that one of the two lacks are absent. */
export interface Rates {
  /** How far the snapshots lie apart. Without time between them there are no rates. */
  seconds: number;
  cpu?: CpuRates;
  io?: IoRates;
  /** By what was waited for. */
  pressure?: Readonly<Record<string, PressureRates>>;
}

/** Processor time as a number of processors: 0.5 is half of one, 2 is two of them all the time. */
export interface CpuRates {
  processors?: number;
  userProcessors?: number;
  systemProcessors?: number;
  /** Of the periods in which a limit was in force, the share in which it was met: 0 to 1. */
  throttledShare?: number;
}

/** Traffic with disks, of all devices and of each by `'major:minor'`. */
export interface IoRates extends IoRate {
  devices: Readonly<Record<string, IoRate>>;
}

/** Bytes and operations a second. */
export interface IoRate {
  readBytesPerSecond: number;
  writtenBytesPerSecond: number;
  discardedBytesPerSecond: number;
  readOperationsPerSecond: number;
  writeOperationsPerSecond: number;
  discardOperationsPerSecond: number;
}

/** Shares of the time, from 0 to 1, in which some or all processes waited. */
export interface PressureRates {
  someShare?: number;
  fullShare?: number;
}

/**
 * What was used between two snapshots of one group. A counter that went back belongs to a group that was made anew, or was
 * reset: it is taken to have begun at zero.
 * @param after the later one; with no time between the two, or in the wrong order, there are no rates
 * @example
 * rates({ atNanoseconds: 0n, cpu: { usageNanoseconds: 0n } }, { atNanoseconds: 2n, cpu: { usageNanoseconds: 1n } }).cpu?.processors; // 0.5
 */
export function rates(before: Snapshot, after: Snapshot): Rates {
  const nanoseconds = Number(after.atNanoseconds - before.atNanoseconds);
  const seconds = Math.max(0, nanoseconds / 1e9);
  if (seconds === 0) return { seconds };
  const cpu = before.cpu && after.cpu && cpuRates(before.cpu, after.cpu, nanoseconds);
  const io = before.io && after.io && ioRates(before.io, after.io, seconds);
  const pressure = before.pressure && after.pressure && pressureRates(before.pressure, after.pressure, nanoseconds);
  return { seconds, ...(cpu && { cpu }), ...(io && { io }), ...(pressure && { pressure }) };
}

function cpuRates(before: CpuStats, after: CpuStats, nanoseconds: number): CpuRates {
  const periods = growth(before.periods, after.periods);
  const throttled = growth(before.throttledPeriods, after.throttledPeriods);
  return present<number>(
    Object.entries({
      processors: per(growth(before.usageNanoseconds, after.usageNanoseconds), nanoseconds),
      userProcessors: per(growth(before.userNanoseconds, after.userNanoseconds), nanoseconds),
      systemProcessors: per(growth(before.systemNanoseconds, after.systemNanoseconds), nanoseconds),
      throttledShare: periods ? per(throttled, periods) : undefined,
    }),
  );
}

function ioRates(before: IoStats, after: IoStats, seconds: number): IoRates {
  const devices = Object.entries(after.devices).map(([device, counters]): [string, IoRate] => [
    device,
    ioRate(before.devices[device], counters, seconds),
  ]);
  return { ...ioRate(before, after, seconds), devices: Object.fromEntries(devices) };
}

/** A device that was not there before had done nothing. */
function ioRate(before: IoCounters | undefined, after: IoCounters, seconds: number): IoRate {
  const rate = (counter: keyof IoCounters): number => (growth(before?.[counter] ?? 0n, after[counter]) ?? 0) / seconds;
  return {
    readBytesPerSecond: rate('readBytes'),
    writtenBytesPerSecond: rate('writtenBytes'),
    discardedBytesPerSecond: rate('discardedBytes'),
    readOperationsPerSecond: rate('readOperations'),
    writeOperationsPerSecond: rate('writeOperations'),
    discardOperationsPerSecond: rate('discardOperations'),
  };
}

function pressureRates(
  before: NonNullable<Snapshot['pressure']>,
  after: NonNullable<Snapshot['pressure']>,
  nanoseconds: number,
): Record<string, PressureRates> {
  const earlier = new Map<string, Pressure>(Object.entries(before));
  return Object.fromEntries(
    Object.entries(after).map(([what, { some, full }]: [string, Pressure]): [string, PressureRates] => {
      const share = (stall: Stall | undefined, then: Stall | undefined): number | undefined =>
        per(growth(then?.totalNanoseconds, stall?.totalNanoseconds), nanoseconds);
      const then = earlier.get(what);
      return [
        what,
        present([
          ['someShare', share(some, then?.some)],
          ['fullShare', share(full, then?.full)],
        ]),
      ];
    }),
  );
}

function growth(before: bigint | undefined, after: bigint | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  return Number(after >= before ? after - before : after);
}

function per(amount: number | undefined, time: number): number | undefined {
  return amount === undefined ? undefined : amount / time;
}
