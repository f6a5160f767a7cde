import {
  checkLimits,
  checkName,
  type FileOperation,
  type GroupPlan,
  type Limits,
  limitedResources,
  type Resource,
} from '@coracle/cgroups-core';
import { planCpus } from './cpu.ts';
import { planMemoryMax } from './memory.ts';
import { planPids } from './pids.ts';
import { statFiles } from './stats.ts';

/** The controller that limits a resource. */
export const CONTROLLER_OF: Readonly<Record<Resource, 'pids' | 'memory' | 'cpu'>> = {
  pids: 'pids',
  memory: 'memory',
  cpus: 'cpu',
};

/** Where a group lies: on version 2 in one directory. */
export interface Place {
  /** A group that exists already and whose controllers its children may use once they are enabled in it. */
  parent: string;
  /** Names of directories below, the last of which is the group: `'coracle/box'`. */
  name: string;
}

/**
 * Everything about a group of version 2 as data: nothing is read, nothing is written.
 *
 * A group can use a controller only when its parent hands it down, from the top on: `cgroup.subtree_control`. No parent may
 * have processes of its own then (except the root group).
 * @param controllers what to hand down beside the controllers of the limits, for statistics
 * @throws SystemError EINVAL for limits that cannot be meant, and for a name that leads out of the parent
 * @see cgroups(7), "Cgroups v2 no internal processes rule"
 * @example
 * planCreate({ parent: '/sys/fs/cgroup', name: 'box' }, { pids: 20 }).directories; // ['/sys/fs/cgroup/box']
 */
export function planCreate(
  { parent, name }: Place,
  limits: Limits = {},
  controllers: readonly string[] = [],
): GroupPlan {
  checkName(name);
  const names = name.split('/');
  const directory = `${parent}/${name}`;
  const handed = [...new Set([...limitedResources(limits).map((resource) => CONTROLLER_OF[resource]), ...controllers])];
  const value = handed.map((controller) => `+${controller}`).join(' ');
  const create = names.flatMap((_, index): FileOperation[] => {
    const above = [parent, ...names.slice(0, index)].join('/');
    return [
      ...(value === ''
        ? []
        : [
            {
              kind: 'write' as const,
              path: `${above}/cgroup.subtree_control`,
              value,
              why: 'hand the controllers down',
            },
          ]),
      { kind: 'mkdir', path: `${above}/${names[index]}`, why: 'make a cgroup' },
    ];
  });
  return {
    create: [...create, ...planLimits(directory, limits)],
    directories: [directory],
    joinFiles: [],
    joinDirectory: directory,
    statFiles: statFiles(directory),
  };
}

/**
 * The writes that set limits; for everything else there is {@link planResources}, which a program that needs only these does
 * not load.
 * @throws SystemError EINVAL for limits that cannot be meant
 * @example
 * planLimits('/sys/fs/cgroup/box', { memory: 'max' });
 */
export function planLimits(directory: string, limits: Limits): FileOperation[] {
  checkLimits(limits);
  return [...planPids(limits, directory), ...planMemoryMax(limits, directory), ...planCpus(limits, directory)];
}
