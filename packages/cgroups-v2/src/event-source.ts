import { existsSync } from 'node:fs';
import {
  type EventSource,
  type EventState,
  eventState,
  parseKeyed,
  readTexts,
  watchFiles,
} from '@coracle/cgroups-core';

/** In memory.events.local stands what is about the group's own limits alone; Linux 5.3. */
const FILES = ['cgroup.events', 'memory.events', 'memory.events.local', 'pids.events'] as const;

/**
 * What tells of events of a group: the kernel, without polling.
 * @see the kernel's admin-guide/cgroup-v2, "cgroup.events", "memory.events", "pids.events"
 * @example
 * eventSource('/sys/fs/cgroup/box').read()?.populated;
 */
export function eventSource(directory: string): EventSource<EventState> {
  return {
    watch: (watcher) => watchFiles(directory, FILES, watcher),
    read: () => (existsSync(directory) ? parseEvents(directory) : undefined),
  };
}

function parseEvents(directory: string): EventState {
  const texts = readTexts(FILES.map((file) => `${directory}/${file}`));
  const count = (file: (typeof FILES)[number], key: string): bigint | undefined =>
    parseKeyed(texts.get(`${directory}/${file}`), key);
  return eventState({
    populated: toBoolean(count('cgroup.events', 'populated')),
    frozen: toBoolean(count('cgroup.events', 'frozen')),
    oom: count('memory.events', 'oom'),
    ownOom: count('memory.events.local', 'oom'),
    oomKills: count('memory.events', 'oom_kill'),
    groupKills: count('memory.events', 'oom_group_kill'),
    ownFailures: undefined,
    failuresAbove: undefined,
    ownFull: undefined,
    fullAbove: undefined,
    memoryHigh: count('memory.events', 'high'),
    memoryMax: count('memory.events', 'max'),
    pidsMax: count('pids.events', 'max'),
  });
}

function toBoolean(flag: bigint | undefined): boolean | undefined {
  return flag === undefined ? undefined : flag === 1n;
}
