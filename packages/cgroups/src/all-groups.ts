import { readdirSync, statSync } from 'node:fs';
import {
  combineSources,
  type EventOptions,
  type EventState,
  type EventStream,
  type GroupEvent,
  groupEvents,
  type Snapshot,
  type StatsSelection,
} from '@coracle/cgroups-core';
import {
  CgroupV1,
  CONTROLLERS,
  directoriesOf as directoriesOfV1,
  FURTHER_CONTROLLERS,
  type Place,
} from '@coracle/cgroups-v1';
import { CgroupV2 } from '@coracle/cgroups-v2';
import { isErrno } from '@coracle/errors';
import type { MountInfo } from '@coracle/mountinfo';
import { cgroupMounts } from './cgroup-mounts.ts';
import { type Facts, theseFacts } from './facts.ts';
import { mergeStats } from './merge-stats.ts';

/** A group that somebody made, to be looked at. Of a group that is gone there are no numbers. */
export interface ExistingGroup {
  /** From the top of the hierarchies that are mounted, such as `'/system.slice/cron.service'`; `'/'` is the top. */
  path: string;
  /** Its directories: on version 1 one in each hierarchy that has the group. */
  directories: readonly string[];
  /** As of {@link Group}. */
  stats(wanted?: StatsSelection): Snapshot;
  /** As of {@link Group}. @throws SystemError ENOENT when it is gone */
  events(options?: EventOptions): EventStream<EventState, GroupEvent>;
}

/** Where one group lies. */
interface Whereabouts {
  path: string;
  v1: Place;
  v2: string | undefined;
}

/**
 * All groups that the caller can see, each before those below it, in the order of their names. They are looked for while the
 * generator is used, so that a caller who stops now and then keeps nothing else waiting.
 *
 * On version 1, groups of one path in several hierarchies are one group.
 * @param options `below`: only the group of this path and those below it; `facts` as for {@link detect}
 * @throws SystemError EACCES
 * @example
 * for (const group of allGroups()) console.log(group.path, group.stats(['cpu']).cpu?.usageNanoseconds);
 */
export function* allGroups({
  below = '/',
  facts = theseFacts(),
}: {
  below?: string;
  facts?: Pick<Facts, 'mountinfo'>;
} = {}): Generator<ExistingGroup> {
  const path = below.replace(/\/+$/, '');
  yield* walk(stepInto(topOf(facts), path, path === '' ? '/' : path));
}

function* walk(group: Whereabouts): Generator<ExistingGroup> {
  const children = new Map<string, string[]>();
  const present = directoriesOf(group).filter((directory) => {
    const names = childNames(directory);
    for (const name of names ?? []) children.set(name, [...(children.get(name) ?? []), directory]);
    return names !== undefined;
  });
  if (present.length === 0) return;
  const here = within(group, present);
  yield look(here);
  for (const name of [...children.keys()].sort()) {
    const parents = within(group, children.get(name) ?? []);
    yield* walk(stepInto(parents, `/${name}`, group.path === '/' ? `/${name}` : `${group.path}/${name}`));
  }
}

/**
 * The names of the groups right below, `undefined` where the directory is gone. The kernel counts them among the links of the
 * directory, which saves the reading of those, the most, that have none.
 */
function childNames(directory: string): string[] | undefined {
  try {
    if (statSync(directory).nlink === 2) return [];
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** The top of every hierarchy that is mounted; of one that is mounted twice the first. */
function topOf({ mountinfo }: Pick<Facts, 'mountinfo'>): Whereabouts {
  const mounts = cgroupMounts(mountinfo);
  const has = (controller: string) => (mount: MountInfo) =>
    mount.type === 'cgroup' && mount.superOptions.includes(controller);
  const controllers = [...CONTROLLERS, ...FURTHER_CONTROLLERS];
  const v1 = controllers.map((controller) => [controller, mounts.find(has(controller))?.mountPoint]);
  return {
    path: '/',
    v1: Object.fromEntries(v1.filter(([, mountPoint]) => mountPoint !== undefined)),
    v2: mounts.find(({ type }) => type === 'cgroup2')?.mountPoint,
  };
}

function stepInto({ v1, v2 }: Whereabouts, below: string, path: string): Whereabouts {
  const places = Object.entries(v1).map(([controller, directory]) => [controller, `${directory}${below}`]);
  return { path, v1: Object.fromEntries(places), v2: v2 === undefined ? undefined : `${v2}${below}` };
}

/** The part of it that lies in some directories. */
function within({ path, v1, v2 }: Whereabouts, directories: readonly string[]): Whereabouts {
  const places = Object.entries(v1).filter(([, directory]) => directories.includes(directory));
  return { path, v1: Object.fromEntries(places), v2: v2 !== undefined && directories.includes(v2) ? v2 : undefined };
}

function directoriesOf({ v1, v2 }: Whereabouts): string[] {
  return [...directoriesOfV1(v1), ...(v2 === undefined ? [] : [v2])];
}

function look(group: Whereabouts): ExistingGroup {
  const { path, v1, v2 } = group;
  const onV1 = Object.keys(v1).length > 0 ? CgroupV1.open(v1) : undefined;
  const onV2 = v2 === undefined ? undefined : CgroupV2.open(v2);
  return {
    path,
    directories: directoriesOf(group),
    stats(wanted) {
      const [one, other] = [onV1?.stats(wanted), onV2?.stats(wanted)];
      const atNanoseconds = (one ?? other)?.atNanoseconds ?? process.hrtime.bigint();
      return { ...mergeStats(one, other), atNanoseconds };
    },
    events: (options) =>
      groupEvents(combineSources([onV1?.eventSource(options) ?? [], onV2?.eventSource() ?? []].flat()), options),
  };
}
