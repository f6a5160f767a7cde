import { posix } from 'node:path';
import { hierarchiesOf, type OwnHierarchy } from '@coracle/cgroups';
import { isErrno, SystemError } from '@coracle/errors';

/**
 * The files by which a program joins its groups, where the container's own of version 2 cannot be joined any more: in its place the
 * group that the container's init has gone to. A group that hands controllers down takes no process (EBUSY); the init's is then one
 * below it, so that the limits are the same. A group that is gone (ENOENT) holds nobody: the program is no freer than the init.
 * @param doors by which the container's own groups are joined
 * @param facts `error`: why they could not be; `init`: the pid
 * @param groupsOf where a process is; as this machine has it if absent
 * @returns `undefined` where another place is no remedy
 * @see cgroups(7), "Cgroups v2 no internal processes rule"
 * @example
 * doorsBesideInit(['/sys/fs/cgroup/box/cgroup.procs'], { error, init: 4711 }); // ['/sys/fs/cgroup/box/init.scope/cgroup.procs']
 */
export function doorsBesideInit(
  doors: readonly string[],
  { error, init }: { error: unknown; init: number | undefined },
  groupsOf: (pid: number) => readonly Omit<OwnHierarchy, 'options'>[] = hierarchiesOf,
): string[] | undefined {
  if (init === undefined || !isErrno(error, 'EBUSY', 'ENOENT') || !(error instanceof SystemError)) return undefined;
  const refused = doors.find((door) => door === error.path);
  if (refused === undefined) return undefined;
  const unified = groupsOf(init).find(({ isUnified }) => isUnified);
  const within = isErrno(error, 'EBUSY') ? posix.dirname(refused) : unified?.mountPoint;
  if (!unified?.directory.startsWith(`${within}/`) || !refused.startsWith(`${unified.mountPoint}/`)) return undefined;
  return doors.map((door) => (door === refused ? posix.join(unified.directory, 'cgroup.procs') : door));
}
