import { parseKeyed, parseNumber, type Stats } from '@coracle/cgroups-core';
import { type Controller, fileOf, type Place } from './place.ts';

/** What is read, in this order. */
const FILES: readonly [Controller, string][] = [
  ['cpuacct', 'cpuacct.usage'],
  ['memory', 'memory.usage_in_bytes'],
  ['memory', 'memory.max_usage_in_bytes'],
  ['pids', 'pids.current'],
  ['pids', 'pids.events'],
  ['memory', 'memory.oom_control'],
];

/**
 * The files that hold a group's numbers; of a controller the place lacks there are none.
 * @example
 * statFiles({ pids: '/sys/fs/cgroup/pids/box' }); // ['/sys/fs/cgroup/pids/box/pids.current', '.../pids.events']
 */
export function statFiles(place: Place): string[] {
  return FILES.flatMap(([controller, file]) => fileOf(place, controller, file) ?? []);
}

/**
 * Makes numbers of the texts of {@link statFiles}.
 * @param texts by path; missing or empty ones count as not there
 * @example
 * parseStats(place, new Map([['/sys/fs/cgroup/pids/box/pids.current', '3\n']])).pids; // 3n
 */
export function parseStats(place: Place, texts: ReadonlyMap<string, string>): Stats {
  const text = (controller: Controller, file: string): string | undefined => {
    const path = fileOf(place, controller, file);
    return path === undefined ? undefined : texts.get(path);
  };
  const cpuNsec = parseNumber(text('cpuacct', 'cpuacct.usage'));
  return {
    cpuUsec: cpuNsec === undefined ? undefined : cpuNsec / 1000n,
    memoryBytes: parseNumber(text('memory', 'memory.usage_in_bytes')),
    memoryPeakBytes: parseNumber(text('memory', 'memory.max_usage_in_bytes')),
    pids: parseNumber(text('pids', 'pids.current')),
    pidsMaxHits: parseKeyed(text('pids', 'pids.events'), 'max'),
    oomKills: parseKeyed(text('memory', 'memory.oom_control'), 'oom_kill'),
  };
}
