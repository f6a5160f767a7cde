import type { Snapshot } from '@coracle/cgroups';

/** What stands for no limit, as in the files of version 1, which have the last page below it. */
const NO_LIMIT = 2 ** 63;

/**
 * What a group uses, with the names that `runc events` has for it. A part that nobody counts is empty, as there.
 * @example
 * JSON.stringify({ type: 'stats', id: 'web', data: statsDocument(group.stats()) });
 */
export function statsDocument({ cpu, memory, pids, io, hugetlb }: Snapshot): Record<string, unknown> {
  return {
    cpu: {
      usage: {
        total: number(cpu?.usageNanoseconds),
        kernel: number(cpu?.systemNanoseconds),
        user: number(cpu?.userNanoseconds),
      },
      throttling: {
        periods: number(cpu?.periods),
        throttledPeriods: number(cpu?.throttledPeriods),
        throttledTime: number(cpu?.throttledNanoseconds),
      },
    },
    memory: {
      cache: number(memory?.fileBytes),
      usage: {
        limit: limit(memory?.limitBytes),
        usage: number(memory?.currentBytes),
        max: number(memory?.peakBytes),
        failcnt: number(memory?.limitHits),
      },
      swap: { usage: number(memory?.swapBytes) },
      kernel: { usage: number(memory?.kernelBytes) },
    },
    pids: { current: number(pids?.current), limit: limit(pids?.limit) },
    blkio: {
      ioServiceBytesRecursive: perDevice(io, ['readBytes', 'writtenBytes', 'discardedBytes']),
      ioServicedRecursive: perDevice(io, ['readOperations', 'writeOperations', 'discardOperations']),
    },
    hugetlb: Object.fromEntries(
      Object.entries(hugetlb ?? {}).map(([size, pages]) => [
        size,
        { usage: number(pages.currentBytes), max: number(pages.peakBytes), failcnt: number(pages.limitHits) },
      ]),
    ),
  };
}

function number(value: bigint | undefined): number {
  return Number(value ?? 0n);
}

/** No limit is a large number, as in the files of version 1. */
function limit(value: bigint | 'max' | undefined): number {
  return value === 'max' ? NO_LIMIT : number(value);
}

type Io = NonNullable<Snapshot['io']>;
type Counter = Exclude<keyof Io, 'devices'>;

function perDevice(io: Io | undefined, [read, write, discard]: readonly [Counter, Counter, Counter]): object[] {
  return Object.entries(io?.devices ?? {}).flatMap(([device, counters]) => {
    const [major, minor] = device.split(':').map(Number);
    return [
      { major, minor, op: 'Read', value: number(counters[read]) },
      { major, minor, op: 'Write', value: number(counters[write]) },
      { major, minor, op: 'Discard', value: number(counters[discard]) },
    ];
  });
}
