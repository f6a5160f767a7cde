import type { Controller } from '@coracle/cgroups-v1';
import type { Facts } from './facts.ts';
import type { OwnGroups } from './hierarchy.ts';
import { controllersBeside, hierarchyOf, keptFromV1, notInKernel } from './kernel-controllers.ts';
import type { Obstacle } from './obstacle.ts';

/** Where hierarchies are mounted as a rule. */
const PLACE = '/sys/fs/cgroup';

type MountFacts = Pick<Facts, 'mountinfo' | 'read'>;

/** What is missing where neither version has the controller. */
export function notMounted(controller: Controller, facts: MountFacts & { own: OwnGroups }): Obstacle {
  const absent = notInKernel(controller, 1, facts);
  if (absent) return absent;
  if (Object.keys(facts.own.v1).length === 0) {
    // Version 2 would have no controller that a hierarchy holds which is mounted elsewhere.
    return (
      boundToV1(controller, facts) ?? { reason: 'no cgroups are mounted', fix: `sudo mount -t cgroup2 none ${PLACE}` }
    );
  }
  return { reason: `the controller ${controller} is not mounted`, fix: mountCommand(controller, facts) };
}

/** Why a controller that version 2 does not know cannot be used. */
export function onlyOnV1(controller: Controller, facts: MountFacts): Obstacle {
  const absent = notInKernel(controller, 1, facts);
  if (absent) return absent;
  const kept = keptFromV1(controller, facts);
  const otherwise = kept ? `boot without ${kept}` : `mount it: ${mountCommand(controller, facts)}`;
  return {
    reason: `the controller ${controller}, which only version 1 has, is ${kept ? `kept from it by ${kept}` : 'not mounted'}`,
    fix: `match the group in nftables instead (socket cgroupv2), or ${otherwise}`,
  };
}

/** Why version 2 does not offer a controller that the kernel has. */
export function boundToV1(controller: Controller, facts: MountFacts): Obstacle | undefined {
  if (hierarchyOf(controller, facts) === 0) return undefined;
  return {
    reason: `the controller ${controller} is in a hierarchy of version 1 that is not mounted here`,
    fix: `${mountCommand(controller, facts)}; or unmount it where it is mounted, and it goes to version 2`,
  };
}

/**
 * The command that mounts the hierarchy of a controller. A hierarchy that is there already is mounted with all its controllers
 * or not at all: EBUSY. Where nothing is mounted at the usual place no directory can be made.
 */
function mountCommand(controller: Controller, facts: MountFacts): string {
  const controllers = controllersBeside(controller, facts).join(',');
  const at = `${PLACE}/${controllers}`;
  const commands = [`sudo mkdir -p ${at}`, `sudo mount -t cgroup -o ${controllers} none ${at}`];
  const isThere = facts.mountinfo.split('\n').some((line) => line.split(' ', 5)[4] === PLACE);
  return [...(isThere ? [] : [`(mountpoint -q ${PLACE} || sudo mount -t tmpfs none ${PLACE})`]), ...commands].join(
    ' && ',
  );
}
