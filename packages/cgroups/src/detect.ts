import type { Resource } from '@coracle/cgroups-core';
import { CONTROLLERS, type Place as PlaceV1 } from '@coracle/cgroups-v1';
import { type Availability, availability } from './availability.ts';
import { findParent } from './delegation.ts';
import { deviceAvailability } from './device-availability.ts';
import { type Facts, theseFacts } from './facts.ts';
import { type OwnGroups, ownGroups } from './hierarchy.ts';
import { deviceRights } from './rights.ts';
import { swapAvailability } from './swap.ts';

/** The cgroups of a machine, as the process that asked may use them. */
export interface Machine {
  /** What is mounted: `'hybrid'` is version 1 with a tree of version 2 beside it. */
  version: 'v1' | 'v2' | 'hybrid' | 'none';
  resources: Readonly<Record<Resource, Availability>>;
  /** Whether memory and swap together can be limited; `undefined` where there is no swap. */
  swap: Availability | undefined;
  /** Whether rules for devices can be set. */
  devices: Availability;
  /** The groups of version 1 below which the caller can make its own. */
  v1: PlaceV1;
  /** Of these the one that only {@link plan} needs, beside them: that of processors and memory nodes. */
  cpuset: string | undefined;
  /** The group of version 2 below which the caller can make its own, and the controllers it can hand down. */
  v2: { parent: string; controllers: readonly string[] } | undefined;
}

/**
 * Finds out which cgroups there are and which limits the caller can set.
 * @param facts of another machine, or made up; this machine's if absent
 * @see cgroups(7)
 * @example
 * const machine = detect();
 * machine.resources.memory; // { version: 'v2' }
 */
export function detect(facts: Facts = theseFacts()): Machine {
  const { v1: ownV1, ...others } = ownGroups(facts, [...CONTROLLERS, 'cpuset']);
  const { cpuset, ...counting } = ownV1;
  const own = { ...others, v1: counting };
  const v1 = Object.fromEntries(Object.entries(own.v1).filter(([, directory]) => facts.isWritable(directory)));
  const v2 = own.v2 && findParent(own.v2, facts);
  const findings = { own, v1, v2, mountinfo: facts.mountinfo, read: facts.read };
  const answer = (resource: Resource): Availability => availability(resource, findings);
  const memory = answer('memory');
  return {
    version: versionOf(own),
    resources: { pids: answer('pids'), memory, cpus: answer('cpus') },
    swap: swapAvailability(memory, findings),
    devices: deviceAvailability(findings, deviceRights(facts)),
    v1,
    cpuset: cpuset !== undefined && facts.isWritable(cpuset) ? cpuset : undefined,
    v2: v2 && 'parent' in v2 ? { parent: v2.parent, controllers: v2.controllers } : undefined,
  };
}

function versionOf({ v1, v2 }: OwnGroups): Machine['version'] {
  const hasV1 = Object.keys(v1).length > 0;
  if (hasV1) return v2 ? 'hybrid' : 'v1';
  return v2 ? 'v2' : 'none';
}
