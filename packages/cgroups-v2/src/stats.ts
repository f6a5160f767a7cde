import { parseKeyed, parseNumber, type Stats } from '@coracle/cgroups-core';

const FILES = ['cpu.stat', 'memory.current', 'memory.peak', 'pids.current', 'pids.events', 'memory.events'] as const;

/**
 * The files that hold a group's numbers. Those of controllers that are not handed down do not exist.
 * @example
 * statFiles('/sys/fs/cgroup/box'); // ['/sys/fs/cgroup/box/cpu.stat', ...]
 */
export function statFiles(directory: string): string[] {
  return FILES.map((file) => `${directory}/${file}`);
}

/**
 * Makes numbers of the texts of {@link statFiles}.
 * @param texts by path; missing or empty ones count as not there (memory.peak came with Linux 5.19)
 * @example
 * parseStats('/sys/fs/cgroup/box', new Map([['/sys/fs/cgroup/box/pids.current', '3\n']])).pids; // 3n
 */
export function parseStats(directory: string, texts: ReadonlyMap<string, string>): Stats {
  const text = (file: (typeof FILES)[number]): string | undefined => texts.get(`${directory}/${file}`);
  return {
    cpuUsec: parseKeyed(text('cpu.stat'), 'usage_usec'),
    memoryBytes: parseNumber(text('memory.current')),
    memoryPeakBytes: parseNumber(text('memory.peak')),
    pids: parseNumber(text('pids.current')),
    pidsMaxHits: parseKeyed(text('pids.events'), 'max'),
    oomKills: parseKeyed(text('memory.events'), 'oom_kill'),
  };
}
