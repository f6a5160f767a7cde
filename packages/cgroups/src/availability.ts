import type { Resource } from '@coracle/cgroups-core';
import type { Controller, Place as PlaceV1 } from '@coracle/cgroups-v1';
import { CONTROLLER_OF } from '@coracle/cgroups-v2';
import type { Parent } from './delegation.ts';
import type { Facts } from './facts.ts';
import type { OwnGroups } from './hierarchy.ts';
import { notInKernel } from './kernel-controllers.ts';
import { boundToV1, notMounted, onlyOnV1 } from './not-mounted.ts';
import { delegateToUsers, type Obstacle, readOnly } from './obstacle.ts';

/** Whether something can be limited or ruled: by which version, or why not and what would help. */
export type Availability = { version: 'v1' | 'v2' } | ({ version: undefined } & Obstacle);

/** The controller of version 1 that limits a resource. */
const V1_CONTROLLER: Readonly<Record<Resource, Controller>> = { pids: 'pids', memory: 'memory', cpus: 'cpu' };

/** What was found on a machine. */
export interface Findings {
  own: OwnGroups;
  /** The caller's own groups of version 1 that it may change. */
  v1: PlaceV1;
  /** The group of version 2 to build below, or why there is none; `undefined` where version 2 is not mounted. */
  v2: Parent | Obstacle | undefined;
  mountinfo: string;
  read: Facts['read'];
}

/** Whether a resource can be limited, on the version that has its controller. */
export function availability(resource: Resource, findings: Findings): Availability {
  return controllerAvailability({ v1: V1_CONTROLLER[resource], v2: CONTROLLER_OF[resource] }, findings);
}

/**
 * Whether a controller can be used, on the version that has it.
 * @param names of the controller on each version; `undefined` where version 2 has none
 */
export function controllerAvailability(
  names: { v1: Controller; v2: string | undefined },
  findings: Findings,
): Availability {
  const { own, v1, v2 } = findings;
  if (v1[names.v1] !== undefined) return { version: 'v1' };
  if (own.v1[names.v1] !== undefined) return { version: undefined, ...notWritableV1(names.v1, own) };
  if (names.v2 === undefined) return { version: undefined, ...onlyOnV1(names.v1, findings) };
  if (!v2) return { version: undefined, ...notMounted(names.v1, findings) };
  // No group, and were it the caller's, would have what the kernel has not.
  if ('reason' in v2) return { version: undefined, ...(notInKernel(names.v1, 2, findings) ?? v2) };
  if (v2.controllers.includes(names.v2)) return { version: 'v2' };
  return { version: undefined, ...notHandedDown({ v1: names.v1, v2: names.v2 }, v2, findings) };
}

/** Why a controller that is mounted cannot be used. */
export function notWritableV1(controller: Controller, { readOnlyV1 }: OwnGroups): Obstacle {
  const mountPoint = readOnlyV1[controller];
  if (mountPoint !== undefined) return readOnly(mountPoint);
  return {
    reason: 'cgroups of version 1 cannot be given to an ordinary user safely',
    fix: 'run as root, or boot with version 2: systemd.unified_cgroup_hierarchy=1 on the kernel command line',
  };
}

function notHandedDown(
  { v1: name, v2: controller }: { v1: Controller; v2: string },
  { parent, isRoot }: Parent,
  findings: Findings,
): Obstacle {
  if (isRoot) {
    const unsaid = {
      reason: `the kernel offers no controller ${controller} on version 2`,
      fix: `boot without cgroup_disable=${controller} (Debian, Raspberry Pi OS: with cgroup_enable=${controller})`,
    };
    return notInKernel(name, 2, findings) ?? boundToV1(name, findings) ?? unsaid;
  }
  const reason = `the group ${parent} may not hand down the controller ${controller}`;
  if (parent.includes('/user@')) return { reason, fix: delegateToUsers([controller]) };
  // A container sees its own group where the mount is.
  if (parent === findings.own.v2?.mountPoint) {
    const fix = `as root, where the group above is shown, outside of this container: echo +${controller} > cgroup.subtree_control`;
    return { reason, fix };
  }
  const above = parent.slice(0, parent.lastIndexOf('/'));
  return { reason, fix: `as root, where that group was made: echo +${controller} > ${above}/cgroup.subtree_control` };
}
