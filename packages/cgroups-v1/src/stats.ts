import {
  cpuPart,
  difference,
  filesFor,
  hugePageSizes,
  hugetlbPart,
  type IoCounters,
  ifThere,
  joinParts,
  linesOf,
  memoryPart,
  miscPart,
  parseKeyed,
  parseLimit,
  parseNumber,
  parseRdma,
  pidsPart,
  type Stats,
  type StatsSelection,
  sumIo,
} from '@coracle/cgroups-core';
import type { Place } from './place.ts';
import { statsFiles } from './stats-files.ts';

/** What tells how a group ended: its time, its peak, and whether it met a limit. */
const END_FILES = ['cpuacct.usage', 'memory.max_usage_in_bytes', 'pids.events', 'memory.oom_control'] as const;

/**
 * The files that hold a group's numbers; of a controller the place lacks there are none.
 * @param wanted which numbers; if absent those that tell how a group ended: processor time, the peak of memory, limits met
 * @example
 * statFiles({ pids: '/sys/fs/cgroup/pids/box' }, ['pids.current']); // ['/sys/fs/cgroup/pids/box/pids.current']
 */
export function statFiles(place: Place, wanted?: StatsSelection): string[] {
  const sizes = (): string[] => (place.hugetlb === undefined ? [] : hugePageSizes());
  return pathsOf(place, wanted ? filesFor(statsFiles(), { wanted, hugePageSizes: sizes }) : END_FILES);
}

function pathsOf(place: Place, files: readonly string[]): string[] {
  return files.flatMap((file) => pathOf(place, file) ?? []);
}

/** The first word of a file's name is its controller. */
function pathOf(place: Readonly<Record<string, string | undefined>>, file: string): string | undefined {
  const directory = place[file.slice(0, file.indexOf('.'))];
  return directory === undefined ? undefined : `${directory}/${file}`;
}

type Text = (file: string) => string | undefined;

/**
 * Makes numbers of the texts of {@link statFiles}. What else stands in the same files comes along.
 * @param texts by path; a missing one, or an empty one where a number is expected, counts as not there
 * @example
 * parseStats(place, new Map([['/sys/fs/cgroup/pids/box/pids.current', '3\n']])).pids?.current; // 3n
 */
export function parseStats(place: Place, texts: ReadonlyMap<string, string>): Stats {
  const text: Text = (file) => {
    const path = pathOf(place, file);
    return path === undefined ? undefined : texts.get(path);
  };
  return joinParts({
    cpu: parseCpu(text),
    memory: parseMemory(text),
    pids: parsePids(text),
    io: parseIo(text),
    hugetlb: hugetlbPart(texts, {
      prefix: `${place.hugetlb}/hugetlb.`,
      currentFile: '.usage_in_bytes',
      read: (size) => ({
        currentBytes: parseNumber(text(`hugetlb.${size}.usage_in_bytes`)),
        peakBytes: parseNumber(text(`hugetlb.${size}.max_usage_in_bytes`)),
        limitHits: parseNumber(text(`hugetlb.${size}.failcnt`)),
      }),
    }),
    rdma: ifThere(text('rdma.current'), parseRdma),
    misc: miscPart(text),
    pressure: undefined,
  });
}

function parseCpu(text: Text): Stats['cpu'] | undefined {
  const limit = text('cpu.stat');
  const times = text('cpuacct.stat');
  return cpuPart({
    usageNanoseconds: parseNumber(text('cpuacct.usage')),
    userNanoseconds: ticks(parseKeyed(times, 'user')),
    systemNanoseconds: ticks(parseKeyed(times, 'system')),
    periods: parseKeyed(limit, 'nr_periods'),
    throttledPeriods: parseKeyed(limit, 'nr_throttled'),
    throttledNanoseconds: parseKeyed(limit, 'throttled_time'),
    burstPeriods: parseKeyed(limit, 'nr_bursts'),
    burstNanoseconds: parseKeyed(limit, 'burst_time'),
  });
}

/**
 * Hundredths of a second, which is what the kernel tells programs its clock ticks in (USER_HZ). `cpuacct.usage_user` and
 * `_sys` are finer, but do not add up to the usage, as the numbers of version 2 do.
 */
function ticks(count: bigint | undefined): bigint | undefined {
  return count === undefined ? undefined : count * 10_000_000n;
}

/** No limit is the largest whole number of pages there is. */
const NO_LIMIT = 1n << 62n;

function parseMemory(text: Text): Stats['memory'] | undefined {
  const currentBytes = parseNumber(text('memory.usage_in_bytes'));
  const kinds = text('memory.stat');
  const limit = parseNumber(text('memory.limit_in_bytes'));
  return memoryPart(
    {
      currentBytes,
      workingSetBytes: difference(currentBytes, parseKeyed(kinds, 'total_inactive_file')),
      peakBytes: parseNumber(text('memory.max_usage_in_bytes')),
      swapBytes: parseKeyed(kinds, 'total_swap'),
      anonymousBytes: parseKeyed(kinds, 'total_rss'),
      fileBytes: parseKeyed(kinds, 'total_cache'),
      kernelBytes: parseNumber(text('memory.kmem.usage_in_bytes')),
      oomKills: parseKeyed(text('memory.oom_control'), 'oom_kill'),
      limitHits: parseNumber(text('memory.failcnt')),
      highHits: undefined,
    },
    limit !== undefined && limit > NO_LIMIT ? 'max' : limit,
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

/** The first is of bytes, the second of operations; both have lines `254:0 Read 4096`. */
function parseIo(text: Text): Stats['io'] | undefined {
  const [bytes, operations] = [
    text('blkio.throttle.io_service_bytes_recursive'),
    text('blkio.throttle.io_serviced_recursive'),
  ];
  if (bytes === undefined && operations === undefined) return undefined;
  return sumIo([
    ...countersOf(bytes ?? '', { Read: 'readBytes', Write: 'writtenBytes', Discard: 'discardedBytes' }),
    ...countersOf(operations ?? '', {
      Read: 'readOperations',
      Write: 'writeOperations',
      Discard: 'discardOperations',
    }),
  ]);
}

/** Lines of other words count the same traffic once more, in another division. */
function countersOf(text: string, names: Readonly<Record<string, keyof IoCounters>>): [string, Partial<IoCounters>][] {
  return linesOf(text).flatMap((line): [string, Partial<IoCounters>][] => {
    const [device, word = '', number] = line.split(' ');
    const [name, count] = [names[word], parseNumber(number)];
    return device === undefined || name === undefined || count === undefined ? [] : [[device, { [name]: count }]];
  });
}
