import { posix } from 'node:path';
import { hierarchiesOf, type OwnHierarchy } from '@coracle/cgroups';

/**
 * The files by which a program joins its groups, where one of version 2 takes no process as it hands controllers down to groups
 * below: in its place the group that the container's init has gone to. That is one below it, so that the limits are the same.
 * @param doors by which the container's own groups are joined
 * @param facts `refused`: which of them is closed; `init`: the pid
 * @param groupsOf where a process is; as this machine has it if absent
 * @returns `undefined` where the init is in no group below
 * @see cgroups(7), "Cgroups v2 no internal processes rule"
 * @example
 * doorsBesideInit(['/sys/fs/cgroup/box/cgroup.procs'], { refused: '/sys/fs/cgroup/box/cgroup.procs', init: 4711 });
 * // ['/sys/fs/cgroup/box/init.scope/cgroup.procs']
 */
export function doorsBesideInit(
  doors: readonly string[],
  { refused, init }: { refused: string | undefined; init: number | undefined },
  groupsOf: (pid: number) => readonly Pick<OwnHierarchy, 'directory' | 'isUnified'>[] = hierarchiesOf,
): string[] | undefined {
  if (refused === undefined || init === undefined || !doors.includes(refused)) return undefined;
  const place = groupsOf(init).find(({ isUnified }) => isUnified)?.directory;
  if (!place?.startsWith(`${posix.dirname(refused)}/`)) return undefined;
  return doors.map((door) => (door === refused ? posix.join(place, posix.basename(door)) : door));
}
