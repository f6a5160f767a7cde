import { existsSync } from 'node:fs';
import type { Group } from '@coracle/cgroups-core';
import type { MountInfo } from '@coracle/mountinfo';
import { cgroupMounts } from '../cgroup-mounts.ts';
import type { Facts } from '../facts.ts';
import { open } from '../open.ts';

/** Those controllers that systemd takes from version 1 where that has them. */
const OF_SYSTEMD = ['cpu', 'memory', 'pids', 'blkio'];

/** The version that systemd sets limits on: one for all controllers, also on a hybrid machine. */
export function versionOf({ mountinfo }: Pick<Facts, 'mountinfo'>): 1 | 2 {
  const isV1 = ({ type, superOptions }: MountInfo): boolean =>
    type === 'cgroup' && superOptions.some((option) => OF_SYSTEMD.includes(option));
  return cgroupMounts(mountinfo).some(isV1) ? 1 : 2;
}

/** Where a group lies in a hierarchy, or would. */
export interface Placed {
  directory: string;
  mount: MountInfo;
}

/** In each hierarchy that shows it. @param path from the top of the tree, which is `''` */
export function placesOf(path: string, { mountinfo }: Pick<Facts, 'mountinfo'>): Placed[] {
  return cgroupMounts(mountinfo).flatMap((mount) => {
    const top = mount.root === '/' ? '' : mount.root;
    const isShown = path === top || path.startsWith(`${top}/`);
    return isShown ? [{ directory: `${mount.mountPoint}${path.slice(top.length)}`, mount }] : [];
  });
}

/** The group of a unit as it lies now: on version 1 systemd makes its directories when a limit needs them. */
export function unitGroup(path: string, facts: Facts): Group {
  const all = placesOf(path, facts).map(({ directory }) => directory);
  return open([...new Set(all)].filter(existsSync), { facts });
}
