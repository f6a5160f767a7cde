import {
  cpuPart,
  difference,
  filesFor,
  hugePageSizes,
  hugetlbPart,
  type IoCounters,
  type IoStats,
  ifThere,
  joinParts,
  linesOf,
  memoryPart,
  microseconds,
  miscPart,
  parseKeyed,
  parseLimit,
  parseNumber,
  parsePair,
  parsePressure,
  parseRdma,
  pidsPart,
  pressurePart,
  type Stats,
  type StatsSelection,
  sumIo,
} from '@coracle/cgroups-core';
import { statsFiles } from './stats-files.ts';

/** What tells how a group ended: its time, its peak, and whether it met a limit. */
const END_FILES = ['cpu.stat', 'memory.peak', 'pids.events', 'memory.events'] as const;

/**
 * The files that hold a group's numbers. Those of controllers that are not handed down do not exist.
 * @param wanted which numbers; if absent those that tell how a group ended: processor time, the peak of memory, limits met
 * @example
 * statFiles('/sys/fs/cgroup/box', ['pids.current']); // ['/sys/fs/cgroup/box/pids.current']
 */
export function statFiles(directory: string, wanted?: StatsSelection): string[] {
  return pathsOf(directory, wanted ? filesFor(statsFiles(), { wanted, hugePageSizes }) : END_FILES);
}

function pathsOf(directory: string, files: readonly string[]): string[] {
  return files.map((file) => `${directory}/${file}`);
}

type Text = (file: string) => string | undefined;

/**
 * Makes numbers of the texts of {@link statFiles}. What else stands in the same files comes along.
 * @param texts by path; a missing one, or an empty one where a number is expected, counts as not there
 * @example
 * parseStats('/sys/fs/cgroup/box', new Map([['/sys/fs/cgroup/box/pids.current', '3\n']])).pids?.current; // 3n
 */
export function parseStats(directory: string, texts: ReadonlyMap<string, string>): Stats {
  const text: Text = (file) => texts.get(`${directory}/${file}`);
  return joinParts({
    cpu: parseCpu(text('cpu.stat')),
    memory: parseMemory(text),
    pids: parsePids(text),
    io: ifThere(text('io.stat'), parseIo),
    hugetlb: hugetlbPart(texts, {
      prefix: `${directory}/hugetlb.`,
      currentFile: '.current',
      read: (size) => ({
        currentBytes: parseNumber(text(`hugetlb.${size}.current`)),
        peakBytes: undefined,
        limitHits: parseKeyed(text(`hugetlb.${size}.events`), 'max'),
      }),
    }),
    rdma: ifThere(text('rdma.current'), parseRdma),
    misc: miscPart(text),
    pressure: pressurePart({
      cpu: parsePressure(text('cpu.pressure')),
      memory: parsePressure(text('memory.pressure')),
      io: parsePressure(text('io.pressure')),
      irq: parsePressure(text('irq.pressure')),
    }),
  });
}

function parseCpu(text: string | undefined): Stats['cpu'] | undefined {
  const time = (key: string): bigint | undefined => microseconds(parseKeyed(text, key));
  return cpuPart({
    usageNanoseconds: time('usage_usec'),
    userNanoseconds: time('user_usec'),
    systemNanoseconds: time('system_usec'),
    periods: parseKeyed(text, 'nr_periods'),
    throttledPeriods: parseKeyed(text, 'nr_throttled'),
    throttledNanoseconds: time('throttled_usec'),
    burstPeriods: parseKeyed(text, 'nr_bursts'),
    burstNanoseconds: time('burst_usec'),
  });
}

function parseMemory(text: Text): Stats['memory'] | undefined {
  const currentBytes = parseNumber(text('memory.current'));
  const kinds = text('memory.stat');
  const events = text('memory.events');
  return memoryPart(
    {
      currentBytes,
      workingSetBytes: difference(currentBytes, parseKeyed(kinds, 'inactive_file')),
      peakBytes: parseNumber(text('memory.peak')),
      swapBytes: parseNumber(text('memory.swap.current')),
      anonymousBytes: parseKeyed(kinds, 'anon'),
      fileBytes: parseKeyed(kinds, 'file'),
      kernelBytes: parseKeyed(kinds, 'kernel'),
      oomKills: parseKeyed(events, 'oom_kill'),
      limitHits: parseKeyed(events, 'max'),
      highHits: parseKeyed(events, 'high'),
    },
    parseLimit(text('memory.max')),
  );
}

function parsePids(text: Text): Stats['pids'] | undefined {
  return pidsPart(
    {
      current: parseNumber(text('pids.current')),
      peak: parseNumber(text('pids.peak')),
      limitHits: parseKeyed(text('pids.events'), 'max'),
    },
    parseLimit(text('pids.max')),
  );
}

/**
 * Lines `254:0 rbytes=4096 wbytes=0 ...`. Kernels before 5.18 may put devices that did nothing on the line of the next one:
 * the last name is the one that the numbers belong to.
 */
function parseIo(text: string): IoStats {
  return sumIo(
    linesOf(text).flatMap((line): [string, Partial<IoCounters>][] => {
      const words = line.split(' ');
      const device = words.findLast((word) => /^\d+:\d+$/.test(word));
      return device === undefined ? [] : [[device, countersOf(words)]];
    }),
  );
}

function countersOf(words: readonly string[]): Partial<IoCounters> {
  const numbers = new Map(words.map(parsePair));
  return {
    readBytes: numbers.get('rbytes') ?? 0n,
    writtenBytes: numbers.get('wbytes') ?? 0n,
    discardedBytes: numbers.get('dbytes') ?? 0n,
    readOperations: numbers.get('rios') ?? 0n,
    writeOperations: numbers.get('wios') ?? 0n,
    discardOperations: numbers.get('dios') ?? 0n,
  };
}
