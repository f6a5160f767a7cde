import { RESOURCES, type Resource } from '@coracle/cgroups-core';
import type { Controller, Place as PlaceV1 } from '@coracle/cgroups-v1';
import { CONTROLLER_OF } from '@coracle/cgroups-v2';
import { type Facts, theseFacts } from './facts.ts';
import { type OwnGroups, ownGroups } from './hierarchy.ts';

/** Whether a resource can be limited: by which version, or why not and what would help. */
export type Availability = { version: 'v1' | 'v2' } | { version: undefined; reason: string; fix: string };

/** The cgroups of a machine, as the process that asked may use them. */
export interface Machine {
  /** What is mounted: `'hybrid'` is version 1 with a tree of version 2 beside it. */
  version: 'v1' | 'v2' | 'hybrid' | 'none';
  resources: Readonly<Record<Resource, Availability>>;
  /** The groups of version 1 below which the caller can make its own. */
  v1: PlaceV1;
  /** The group of version 2 below which the caller can make its own, and the controllers it can hand down. */
  v2: { parent: string; controllers: readonly string[] } | undefined;
}

/** The controller of version 1 that limits a resource. */
const V1_CONTROLLER: Readonly<Record<Resource, Controller>> = { pids: 'pids', memory: 'memory', cpus: 'cpu' };

/**
 * Finds out which cgroups there are and which limits the caller can set.
 * @param facts of another machine, or made up; this machine's if absent
 * @see cgroups(7)
 * @example
 * const machine = detect();
 * machine.resources.memory; // { version: 'v2' }
 */
export function detect(facts: Facts = theseFacts()): Machine {
  const own = ownGroups(facts);
  const v1 = Object.fromEntries(Object.entries(own.v1).filter(([, directory]) => facts.isWritable(directory)));
  const v2 = own.v2 && parentForOurs(own.v2, facts);
  const version = versionOf(own);
  const resources = Object.fromEntries(
    RESOURCES.map((resource) => [resource, availability(resource, { own, v1, v2 })]),
  ) as Record<Resource, Availability>;
  return { version, resources, v1, v2 };
}

function versionOf({ v1, v2 }: OwnGroups): Machine['version'] {
  const hasV1 = Object.keys(v1).length > 0;
  if (hasV1) return v2 ? 'hybrid' : 'v1';
  return v2 ? 'v2' : 'none';
}

/**
 * The closest group at or above the caller's own that it may change and that may hand controllers down: one without
 * processes of its own, or the top of the tree.
 */
function parentForOurs(
  { directory, mountPoint }: NonNullable<OwnGroups['v2']>,
  { read, isWritable }: Facts,
): Machine['v2'] {
  const isRoot = isWritable(`${mountPoint}/cgroup.procs`);
  for (let at = isRoot ? mountPoint : directory; at.startsWith(mountPoint); at = at.slice(0, at.lastIndexOf('/'))) {
    const isOurs = isWritable(at) && isWritable(`${at}/cgroup.procs`) && isWritable(`${at}/cgroup.subtree_control`);
    const isEmpty = (read(`${at}/cgroup.procs`) ?? '').trim() === '';
    if (isOurs && (isEmpty || at === mountPoint)) {
      return { parent: at, controllers: (read(`${at}/cgroup.controllers`) ?? '').trim().split(' ').filter(Boolean) };
    }
    if (at === mountPoint) break;
  }
  return undefined;
}

function availability(
  resource: Resource,
  { own, v1, v2 }: { own: OwnGroups; v1: PlaceV1; v2: Machine['v2'] },
): Availability {
  if (v1[V1_CONTROLLER[resource]] !== undefined) return { version: 'v1' };
  if (v2?.controllers.includes(CONTROLLER_OF[resource])) return { version: 'v2' };
  if (own.v1[V1_CONTROLLER[resource]] !== undefined) {
    return {
      version: undefined,
      reason: 'cgroups of version 1 cannot be given to an ordinary user safely',
      fix: 'run as root, or boot with version 2: systemd.unified_cgroup_hierarchy=1 on the kernel command line',
    };
  }
  if (!own.v2)
    return { version: undefined, reason: 'no cgroups are mounted', fix: 'sudo mount -t cgroup2 none /sys/fs/cgroup' };
  const controller = CONTROLLER_OF[resource];
  return {
    version: undefined,
    reason: v2
      ? `the group ${v2.parent} may not hand down the controller ${controller}`
      : `no group of version 2 is delegated to you (yours is ${own.v2.directory})`,
    fix: `sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu memory pids\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload, then log in again; without systemd: a group chowned to you, with +${controller} in its parent's cgroup.subtree_control`,
  };
}

/**
 * What is there, in words.
 * @example
 * console.log(describe(detect())); // 'cgroup version 2; pids, memory and cpus can be limited'
 */
export function describe({ version, resources }: Machine): string {
  const names = {
    v1: 'cgroup version 1',
    v2: 'cgroup version 2',
    hybrid: 'cgroup version 1, with version 2 beside it',
    none: 'no cgroups',
  };
  const can = RESOURCES.filter((resource) => resources[resource].version !== undefined);
  return `${names[version]}; ${can.length === 0 ? 'nothing' : can.join(', ')} can be limited`;
}
