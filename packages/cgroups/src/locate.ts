import { posix } from 'node:path';
import { detectAll, type FullMachine } from './detect-all.ts';
import { type Facts, theseFacts } from './facts.ts';

/** Where a group is to be made, for `planResources` and `create`. */
export interface Location {
  /** The machine, as seen from the groups to build below. */
  machine: FullMachine;
  /** The group's name below these. */
  name: string;
}

/**
 * Where the group of an OCI configuration lies (`linux.cgroupsPath`). A path that begins with `/` is one from the top of every
 * hierarchy; any other is one below the caller's own groups. An ordinary user owns a part of the tree at most: an absolute path is
 * then taken from the group above it that is his.
 * @param facts of another machine, or made up; this machine's if absent
 * @returns a name that is empty for the top itself, which is no group of a container's own
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#cgroups-path
 * @example
 * const { machine, name } = locate('/machine.slice/box');
 * planResources({ machine, name, resources: { pids: 20 } });
 */
export function locate(cgroupsPath: string, facts: Facts = theseFacts()): Location {
  const path = posix.normalize(`/${cgroupsPath}`).replace(/\/$/, '');
  const name = path.slice(1);
  if (!cgroupsPath.startsWith('/')) return { machine: detectAll(facts), name };
  // From the top of what is mounted: the caller's own group does not matter.
  const top = detectAll({ ...facts, selfCgroup: '', findOwn: undefined });
  if (top.v2 || hasHierarchies(top)) return { machine: top, name };
  const above = detectAll({ ...facts, selfCgroup: `0::${posix.dirname(path)}`, findOwn: undefined });
  if (above.v2) return { machine: above, name: below(above.v2.parent, path) };
  return belowDelegated(path, facts) ?? { machine: top, name };
}

/** The same on version 1, in the hierarchies where the nearest group above that is there is the caller's to change. */
function belowDelegated(path: string, facts: Facts): Location | undefined {
  for (let above = posix.dirname(path); above !== '/'; above = posix.dirname(above)) {
    const selfCgroup = facts.selfCgroup.replace(/^(\d+:[^:]*:).*$/gm, (_, hierarchy) => hierarchy + above);
    const machine = detectAll({ ...facts, selfCgroup, findOwn: undefined });
    if (hasHierarchies(machine)) return { machine, name: posix.relative(above, path) };
  }
  return undefined;
}

/** Whether the caller may change a group of version 1. */
function hasHierarchies({ hierarchies }: FullMachine): boolean {
  return Object.keys(hierarchies).length > 0;
}

/** What of a path is not in the directory already: `/sys/fs/cgroup/a` and `/a/b` give `b`. */
function below(directory: string, path: string): string {
  const names = path.slice(1).split('/');
  for (let count = names.length - 1; count > 0; count--)
    if (directory.endsWith(`/${names.slice(0, count).join('/')}`)) return names.slice(count).join('/');
  return names.join('/');
}
