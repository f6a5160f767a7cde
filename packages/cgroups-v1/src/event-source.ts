import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type DescriptorWatcher,
  type EventOptions,
  type EventSource,
  type EventState,
  eventState,
  listProcesses,
  POLL_MILLISECONDS,
  parseKeyed,
  parseNumber,
  readTexts,
  watchFiles,
  writeValue,
} from '@coracle/cgroups-core';
import { directoriesOf, type Place } from './place.ts';

/**
 * What tells of events of a group. Of its removal the kernel tells, and of the want of memory, by eventfd(2); for all else
 * version 1 has no way to tell but a program that it runs as root (`release_agent`), so that its files are looked at in intervals.
 * @see the kernel's admin-guide/cgroup-v1/memory, section 10
 * @example
 * eventSource({ pids: '/sys/fs/cgroup/pids/box' }).read()?.populated;
 */
export function eventSource(
  place: Place,
  { pollMilliseconds = POLL_MILLISECONDS, descriptors }: EventOptions = {},
): EventSource<EventState> {
  const [directory = ''] = directoriesOf(place);
  let ooms: bigint | undefined;
  return {
    watch(watcher) {
      const stopWatching = watchFiles(directory, [], watcher);
      const timer = setInterval(() => watcher.changed(), pollMilliseconds);
      const stop = (): void => {
        clearInterval(timer);
        stopWatching();
      };
      if (!descriptors || place.memory === undefined) return stop;
      try {
        ooms = 0n;
        const stopOoms = watchOoms(place.memory, descriptors, (count) => {
          ooms = (ooms ?? 0n) + count;
          watcher.changed();
        });
        return () => {
          stopOoms();
          stop();
        };
      } catch (error) {
        stop();
        throw error;
      }
    },
    read: () => (existsSync(directory) ? readState(place, { directory, ooms }) : undefined),
  };
}

function readState(place: Place, { directory, ooms }: { directory: string; ooms: bigint | undefined }): EventState {
  const files = [
    `${place.freezer}/freezer.state`,
    `${place.memory}/memory.oom_control`,
    `${place.memory}/memory.failcnt`,
    `${place.pids}/pids.events`,
  ] as const;
  const texts = readTexts(files);
  const [freezer, oomControl, failures, pids] = files.map((file) => texts.get(file));
  return eventState({
    populated: listProcesses(directory).length > 0,
    frozen: freezer === undefined ? undefined : freezer === 'FROZEN\n',
    oom: ooms,
    ownOom: undefined,
    oomKills: parseKeyed(oomControl, 'oom_kill'),
    groupKills: undefined,
    ownFailures: place.memory === undefined ? undefined : failuresOf(place.memory),
    failuresAbove: place.memory === undefined ? undefined : failuresAbove(place.memory),
    memoryHigh: undefined,
    memoryMax: parseNumber(failures),
    pidsMax: parseKeyed(pids, 'max'),
  });
}

/** How often a limit on memory, or on memory with swap, was met; `undefined` where there is no such group. */
function failuresOf(directory: string): bigint | undefined {
  const files = [`${directory}/memory.failcnt`, `${directory}/memory.memsw.failcnt`];
  const counts = [...readTexts(files).values()].map((text) => parseNumber(text) ?? 0n);
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count);
}

function failuresAbove(directory: string): bigint {
  const above = dirname(directory);
  const failures = failuresOf(above);
  return failures === undefined ? 0n : failures + failuresAbove(above);
}

/** @see the kernel's admin-guide/cgroup-v1/memory, section 10, "OOM Control" */
function watchOoms(
  directory: string,
  { eventfd, onReady }: DescriptorWatcher,
  told: (count: bigint) => void,
): () => void {
  const event = eventfd();
  const counter = new BigUint64Array(1);
  try {
    const file = openSync(`${directory}/memory.oom_control`, 'r');
    try {
      writeValue(`${directory}/cgroup.event_control`, `${event} ${file}`);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    closeSync(event);
    throw error;
  }
  const stop = onReady(event, 'readable', () => {
    readSync(event, counter);
    told(counter[0] ?? 0n);
  });
  return () => {
    stop();
    closeSync(event);
  };
}
