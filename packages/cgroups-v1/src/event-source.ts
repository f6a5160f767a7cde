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
  const failures = failuresOfKills(place.memory);
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
    read: () => (existsSync(directory) ? readState(place, { directory, ooms, failures }) : undefined),
  };
}

function readState(
  place: Place,
  { directory, ooms, failures }: { directory: string; ooms: bigint | undefined; failures: FailuresOfKills },
): EventState {
  const files = [
    `${place.freezer}/freezer.state`,
    `${place.memory}/memory.oom_control`,
    `${place.memory}/memory.failcnt`,
    `${place.pids}/pids.events`,
  ] as const;
  const texts = readTexts(files);
  const [freezer, oomControl, failcnt, pids] = files.map((file) => texts.get(file));
  const oomKills = parseKeyed(oomControl, 'oom_kill');
  return eventState({
    populated: listProcesses(directory).length > 0,
    frozen: freezer === undefined ? undefined : freezer === 'FROZEN\n',
    oom: ooms,
    ownOom: undefined,
    oomKills,
    groupKills: undefined,
    ...failures(oomKills),
    memoryHigh: undefined,
    memoryMax: parseNumber(failcnt),
    pidsMax: parseKeyed(pids, 'max'),
  });
}

type Failures = Record<'ownFailures' | 'failuresAbove', bigint | undefined> &
  Record<'ownFull' | 'fullAbove', boolean | undefined>;

type FailuresOfKills = (kills: bigint | undefined) => Failures;

/** What tells whose limit had processes killed: looked at once, and again after a kill, as there are files of every group above. */
function failuresOfKills(memory: string | undefined): FailuresOfKills {
  const nothing = { ownFailures: undefined, failuresAbove: undefined, ownFull: undefined, fullAbove: undefined };
  let latest: { kills: bigint | undefined; failures: Failures } | undefined;
  return (kills) => {
    if (memory === undefined) return nothing;
    if (latest === undefined || latest.kills !== kills) latest = { kills, failures: failuresAround(memory) };
    return latest.failures;
  };
}

function failuresAround(directory: string): Failures {
  return {
    ownFailures: failuresOf(directory),
    failuresAbove: failuresAbove(directory),
    ownFull: isFull(directory),
    fullAbove: isFullAbove(directory),
  };
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

/**
 * Whether memory with swap has been at its limit where the kernel does not count how often, as 6.18 does not. It looks at this limit
 * first, so that where it is no more than that of memory alone, no failure is counted at all.
 */
function isFull(directory: string): boolean {
  const files = ['failcnt', 'limit_in_bytes', 'max_usage_in_bytes'].map((file) => `${directory}/memory.memsw.${file}`);
  const texts = readTexts(files);
  const [failures, limit, peak] = files.map((file) => parseNumber(texts.get(file)));
  return failures === 0n && limit !== undefined && peak !== undefined && peak >= limit;
}

function isFullAbove(directory: string): boolean {
  const above = dirname(directory);
  return existsSync(`${above}/memory.failcnt`) && (isFull(above) || isFullAbove(above));
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
