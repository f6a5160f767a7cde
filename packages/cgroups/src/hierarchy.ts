import { CONTROLLERS, type Controller } from '@coracle/cgroups-v1';
import { isReadOnly, type MountInfo } from '@coracle/mountinfo';
import { cgroupMounts } from './cgroup-mounts.ts';
import type { Facts } from './facts.ts';

/** Where this process's own groups are. */
export interface OwnGroups {
  /** On version 1 by controller, each where its hierarchy is mounted. */
  v1: Readonly<Partial<Record<Controller, string>>>;
  /** The mount points of version 1 that nobody can write to, by controller. */
  readOnlyV1: Readonly<Partial<Record<Controller, string>>>;
  /** On version 2. `top` is the highest group that the caller may move processes within: of the mount, or of its namespace. */
  v2: { directory: string; top: string; mountPoint: string; isReadOnly: boolean } | undefined;
}

/**
 * The directories of the caller's own groups.
 *
 * A hierarchy mounted in a container shows only a part of itself; a group outside that part is taken for its top. Of two mounts
 * of a hierarchy the one that shows the group counts.
 * @param controllers of version 1 to look for; those of {@link Limits} if absent
 * @see cgroups(7), "/proc/[pid]/cgroup"
 */
export function ownGroups(
  { mountinfo, selfCgroup, findOwn }: Pick<Facts, 'mountinfo' | 'selfCgroup' | 'findOwn'>,
  controllers: readonly Controller[] = CONTROLLERS,
): OwnGroups {
  const mounts = cgroupMounts(mountinfo);
  const paths = parseSelfCgroup(selfCgroup);
  const v1: Partial<Record<Controller, string>> = {};
  const readOnlyV1: Partial<Record<Controller, string>> = {};
  for (const controller of controllers) {
    const path = paths.get(controller);
    const mount = showing(
      path,
      mounts.filter(({ type, superOptions }) => type === 'cgroup' && superOptions.includes(controller)),
    );
    if (!mount) continue;
    v1[controller] = directoryIn(mount, path, findOwn);
    if (isReadOnly(mount)) readOnlyV1[controller] = mount.mountPoint;
  }
  const unified = showing(
    paths.get(''),
    mounts.filter(({ type }) => type === 'cgroup2'),
  );
  const v2 = unified && {
    ...placeIn(unified, paths.get(''), findOwn),
    mountPoint: unified.mountPoint,
    isReadOnly: isReadOnly(unified),
  };
  return { v1, readOnlyV1, v2 };
}

/** Of the mounts of a hierarchy the first that shows a group; where none does, the first. */
export function showing(path: string | undefined, mounts: readonly MountInfo[]): MountInfo | undefined {
  return mounts.find((mount) => whereIn(mount, path) !== undefined) ?? mounts[0];
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

/** A group outside of what is mounted is taken for its top. */
export function directoryIn(mount: MountInfo, path: string | undefined, findOwn: Facts['findOwn']): string {
  return placeIn(mount, path, findOwn).directory;
}

function placeIn(
  mount: MountInfo,
  path: string | undefined,
  findOwn: Facts['findOwn'],
): { directory: string; top: string } {
  const { mountPoint } = mount;
  const where = whereIn(mount, path) ?? { levels: 0, below: '' };
  if (where.levels === 0) return { directory: `${mountPoint}${where.below}`, top: mountPoint };
  const directory = findOwn?.(mountPoint, where.levels, where.below || '/');
  if (directory === undefined) return { directory: mountPoint, top: mountPoint };
  return { directory, top: directory.slice(0, directory.length - where.below.length) };
}

/** A step up, as the kernel writes for what is above a cgroup namespace; a name may begin with two dots. */
const STEPS_UP = /^(?:\/\.\.(?=\/|$))*/;
const LEADS_UP = /\/\.\.(\/|$)/;

/**
 * Where a group is in a mount: so many levels below its top, through groups whose names the kernel does not tell, and from there
 * along a path, which is empty for the group there. Both the mount's root and the group's path begin at the top of the cgroup
 * namespace.
 * @returns `undefined` when the mount does not show it
 */
function whereIn({ root }: MountInfo, path = '/'): { levels: number; below: string } | undefined {
  const [top, group] = [split(root), split(path)];
  if (LEADS_UP.test(group.down)) return undefined;
  if (top.down === '') {
    return group.up > top.up ? undefined : { levels: top.up - group.up, below: group.down };
  }
  const isInside = group.up === top.up && `${group.down}/`.startsWith(`${top.down}/`);
  return isInside ? { levels: 0, below: group.down.slice(top.down.length) } : undefined;
}

/** The steps up at the start of a path, and what follows, which is empty for the place itself. */
function split(path: string): { up: number; down: string } {
  const [steps = ''] = STEPS_UP.exec(path) ?? [];
  const down = path.slice(steps.length);
  return { up: steps.length / '/..'.length, down: down === '/' ? '' : down };
}
