import { CONTROLLERS, type Controller } from '@coracle/cgroups-v1';
import { isReadOnly, type MountInfo, parseMountinfo } from '@coracle/mountinfo';
import type { Facts } from './facts.ts';

/** Where this process's own groups are. */
export interface OwnGroups {
  /** On version 1 by controller, each where its hierarchy is mounted. */
  v1: Readonly<Partial<Record<Controller, string>>>;
  /** The mount points of version 1 that nobody can write to, by controller. */
  readOnlyV1: Readonly<Partial<Record<Controller, string>>>;
  /** On version 2. */
  v2: { directory: string; mountPoint: string; isReadOnly: boolean } | undefined;
}

/**
 * The directories of the caller's own groups.
 *
 * A hierarchy mounted in a container shows only a part of itself; a group outside that part is taken for its top.
 * @param controllers of version 1 to look for; those of {@link Limits} if absent
 * @see cgroups(7), "/proc/[pid]/cgroup"
 */
export function ownGroups(
  { mountinfo, selfCgroup }: Pick<Facts, 'mountinfo' | 'selfCgroup'>,
  controllers: readonly Controller[] = CONTROLLERS,
): OwnGroups {
  const mounts = parseMountinfo(onlyCgroups(mountinfo));
  const paths = parseSelfCgroup(selfCgroup);
  const v1: Partial<Record<Controller, string>> = {};
  const readOnlyV1: Partial<Record<Controller, string>> = {};
  for (const mount of mounts) {
    if (mount.type !== 'cgroup') continue;
    for (const controller of controllers) {
      if (!mount.superOptions.includes(controller) || v1[controller] !== undefined) continue;
      v1[controller] = directoryIn(mount, paths.get(controller));
      if (isReadOnly(mount)) readOnlyV1[controller] = mount.mountPoint;
    }
  }
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  const v2 = unified && {
    directory: directoryIn(unified, paths.get('')),
    mountPoint: unified.mountPoint,
    isReadOnly: isReadOnly(unified),
  };
  return { v1, readOnlyV1, v2 };
}

/** A container's start looks here, and a host may have many mounts: the lines of others need not be taken apart. */
export function onlyCgroups(mountinfo: string): string {
  const lines = mountinfo.split('\n').filter((line) => line.includes(' - cgroup'));
  return lines.join('\n');
}

/** The paths of groups by controller, of lines `number:controllers:path`; version 2 has no controllers there. */
export function parseSelfCgroup(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  return paths;
}

/** A step up, as the kernel writes for groups outside a cgroup namespace; a name may begin with two dots. */
const LEADS_UP = /\/\.\.(\/|$)/;

/** A group outside of what is mounted is taken for its top. */
export function directoryIn({ mountPoint, root }: MountInfo, path = '/'): string {
  const top = root === '/' ? '' : root;
  const isInside = path === root || path.startsWith(`${top}/`);
  const below = isInside ? path.slice(top.length) : '';
  return below === '' || below === '/' || LEADS_UP.test(below) ? mountPoint : `${mountPoint}${below}`;
}
