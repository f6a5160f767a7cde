import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { type OwnHierarchy, ownHierarchies } from '@coracle/cgroups';
import { SystemError } from '@coracle/errors';

/** A group below the container's own, which a program is to run in. */
export interface Subgroup {
  /** Of version 1, in whose hierarchies it is meant; in all of them if absent, which is the only way on version 2. */
  controllers?: readonly string[];
  /** Below the container's group: `'workers/one'`. */
  path: string;
}

/** The machine as far as groups below the container's are looked for. */
interface Machine {
  hierarchies: readonly Pick<OwnHierarchy, 'mountPoint' | 'options'>[];
  exists: (path: string) => boolean;
}

/**
 * The files by which a program joins groups below those of its container, where such are asked for, and else those themselves. In
 * a hierarchy that limits nothing, such as `name=systemd`, a group that is not there is passed over.
 * @param doors by which the container's own groups are joined
 * @throws SystemError EINVAL for a path that leads out of the container's group, and a controller that it has no group for; ENOENT
 *   for a group that is not there
 * @see cgroups(7)
 * @example
 * doorsOfSubgroups(['/sys/fs/cgroup/box/cgroup.procs'], [{ path: 'workers' }]); // ['/sys/fs/cgroup/box/workers/cgroup.procs']
 */
export function doorsOfSubgroups(
  doors: readonly string[],
  wanted: readonly Subgroup[],
  machine: Machine = { hierarchies: ownHierarchies(), exists: existsSync },
): string[] {
  if (wanted.length === 0) return [...doors];
  const places = doors.map((door) => ({ door, options: optionsOf(door, machine) }));
  for (const name of wanted.flatMap(({ controllers = [] }) => controllers))
    if (!places.some(({ options }) => options.includes(name))) throw noSuchController(name);
  return places.map(({ door, options }) => {
    const one = wanted.find(({ controllers }) => controllers?.some((name) => options.includes(name)) ?? true);
    if (!one) return door;
    const below = doorBelow(door, one.path);
    if (machine.exists(below)) return below;
    if (isWithoutControllers(options) && doors.length > 1) return door;
    throw noSuchGroup(posix.dirname(below));
  });
}

function optionsOf(door: string, { hierarchies }: Machine): readonly string[] {
  return hierarchies.find(({ mountPoint }) => door.startsWith(`${mountPoint}/`))?.options ?? [];
}

/** Of the tree of version 2 beside version 1, and of hierarchies with a name alone. */
function isWithoutControllers(options: readonly string[]): boolean {
  return options.every((option) => option.startsWith('name='));
}

function doorBelow(door: string, path: string): string {
  const group = posix.dirname(door);
  const below = posix.join(group, path);
  if (below !== group && !below.startsWith(`${group}/`))
    throw new SystemError({
      code: 'EINVAL',
      syscall: 'exec',
      path,
      text: 'bad sub cgroup path: it leads out of the group of the container',
      hint: 'name a group below it: mkdir makes one',
    });
  return posix.join(below, posix.basename(door));
}

function noSuchController(name: string): SystemError {
  return new SystemError({
    code: 'EINVAL',
    syscall: 'exec',
    path: name,
    text: 'unknown controller: the container has no group of it',
    hint: '/proc/self/cgroup names the controllers of version 1; on version 2 leave them out',
  });
}

function noSuchGroup(path: string): SystemError {
  return new SystemError({
    code: 'ENOENT',
    syscall: 'exec',
    path,
    text: 'there is no such group below that of the container',
    hint: `make it first: mkdir ${path}`,
  });
}
