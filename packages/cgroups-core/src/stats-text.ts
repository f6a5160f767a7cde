import type { IoCounters, IoStats, Pressure, RdmaStats, Stall } from './stats.ts';

/**
 * The number a file of the kernel holds alone.
 * @returns `undefined` for an empty or unreadable text
 * @example
 * parseNumber('4096\n'); // 4096n
 */
export function parseNumber(text: string | undefined): bigint | undefined {
  const trimmed = text?.trim() ?? '';
  return /^\d+$/.test(trimmed) ? BigInt(trimmed) : undefined;
}

/**
 * The number behind a key, in a file of lines `key number`, as cgroups(7) calls flat keyed. A line that was cut off, without
 * its line break, is not there: its number may lack digits.
 * @example
 * parseKeyed('low 0\noom_kill 2\n', 'oom_kill'); // 2n
 */
export function parseKeyed(text: string | undefined, key: string): bigint | undefined {
  if (text === undefined) return undefined;
  const start = text.startsWith(`${key} `) ? 0 : text.indexOf(`\n${key} `) + 1;
  const end = text.indexOf('\n', start);
  if (end < 0 || !text.startsWith(`${key} `, start)) return undefined;
  return parseNumber(text.slice(start + key.length + 1, end));
}

/**
 * A limit, as a file of version 2 holds it.
 * @example
 * parseLimit('max\n'); // 'max'
 */
export function parseLimit(text: string | undefined): bigint | 'max' | undefined {
  return text?.trim() === 'max' ? 'max' : parseNumber(text);
}

/**
 * All lines `key number` of a file.
 * @example
 * parseFlat('sev 3\n'); // { sev: 3n }
 */
export function parseFlat(text: string): Record<string, bigint> {
  const entries = linesOf(text).map((line) => {
    const [key = '', number] = line.split(' ');
    return [key, parseNumber(number)] as const;
  });
  return present(entries);
}

/**
 * Only those that have a value: what is not counted has no key at all.
 * @example
 * present([['anon', 1n], ['kernel', undefined]]); // { anon: 1n }
 */
export function present<T>(entries: readonly (readonly [string, T | undefined])[]): Record<string, T> {
  return Object.fromEntries(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

const NOTHING: IoCounters = {
  readBytes: 0n,
  writtenBytes: 0n,
  discardedBytes: 0n,
  readOperations: 0n,
  writeOperations: 0n,
  discardOperations: 0n,
};

/**
 * Puts counters of devices together with their sum. A device that is named more than once is added up.
 * @example
 * sumIo([['254:0', { readBytes: 4096n }]]).readBytes; // 4096n
 */
export function sumIo(counted: Iterable<readonly [string, Partial<IoCounters>]>): IoStats {
  const devices: Record<string, IoCounters> = {};
  let total = NOTHING;
  for (const [device, counters] of counted) {
    devices[device] = plus(devices[device] ?? NOTHING, counters);
    total = plus(total, counters);
  }
  return { ...total, devices };
}

function plus(a: IoCounters, b: Partial<IoCounters>): IoCounters {
  return {
    readBytes: a.readBytes + (b.readBytes ?? 0n),
    writtenBytes: a.writtenBytes + (b.writtenBytes ?? 0n),
    discardedBytes: a.discardedBytes + (b.discardedBytes ?? 0n),
    readOperations: a.readOperations + (b.readOperations ?? 0n),
    writeOperations: a.writeOperations + (b.writeOperations ?? 0n),
    discardOperations: a.discardOperations + (b.discardOperations ?? 0n),
  };
}

/**
 * What a group uses of RDMA devices: lines `mlx4_0 hca_handle=2 hca_object=2000`.
 * @example
 * parseRdma('mlx4_0 hca_handle=2 hca_object=2000\n'); // { mlx4_0: { hcaHandles: 2n, hcaObjects: 2000n } }
 */
export function parseRdma(text: string): Record<string, RdmaStats> {
  return Object.fromEntries(
    linesOf(text).map((line): [string, RdmaStats] => {
      const [device = '', ...pairs] = line.split(' ');
      const numbers = new Map(pairs.map((pair) => parsePair(pair)));
      return [
        device,
        present([
          ['hcaHandles', numbers.get('hca_handle')],
          ['hcaObjects', numbers.get('hca_object')],
        ]),
      ];
    }),
  );
}

/**
 * A pair `key=number`, as cgroups(7) calls nested keyed.
 * @example
 * parsePair('rbytes=4096'); // ['rbytes', 4096n]
 */
export function parsePair(pair: string): [string, bigint | undefined] {
  const [key = '', number] = pair.split('=');
  return [key, parseNumber(number)];
}

/**
 * A file of pressure; `full` is absent where the kernel gives none.
 * @returns `undefined` for a text that holds neither line
 * @see the kernel's accounting/psi
 * @example
 * parsePressure('some avg10=1.50 avg60=0.00 avg300=0.00 total=23\n')?.some?.avg10Percent; // 1.5
 */
export function parsePressure(text: string | undefined): Pressure | undefined {
  const lines = linesOf(text ?? '');
  const of = (share: string): Stall | undefined => parseStall(lines.find((line) => line.startsWith(`${share} `)));
  const [some, full] = [of('some'), of('full')];
  if (!some && !full) return undefined;
  return { ...(some && { some }), ...(full && { full }) };
}

function parseStall(line: string | undefined): Stall | undefined {
  const values = /^\w+ avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) total=(\d+)$/.exec(line ?? '');
  if (!values) return undefined;
  const [, avg10, avg60, avg300, total = ''] = values;
  return {
    avg10Percent: Number(avg10),
    avg60Percent: Number(avg60),
    avg300Percent: Number(avg300),
    totalNanoseconds: BigInt(total) * 1000n,
  };
}

/**
 * The whole lines of a text: what follows the last line break was cut off.
 * @example
 * linesOf('a 1\nb 2\nc'); // ['a 1', 'b 2']
 */
export function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

/**
 * Nanoseconds of a number of microseconds.
 * @example
 * microseconds(5n); // 5000n
 */
export function microseconds(count: bigint | undefined): bigint | undefined {
  return count === undefined ? undefined : count * 1000n;
}

/**
 * The difference of two counters that were not read at the same moment: never below zero.
 * @example
 * difference(4096n, 8192n); // 0n
 */
export function difference(whole: bigint | undefined, part: bigint | undefined): bigint | undefined {
  if (whole === undefined || part === undefined) return undefined;
  return whole > part ? whole - part : 0n;
}
