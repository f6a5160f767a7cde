import { SystemError } from '@coracle/errors';

/**
 * Refuses to do to a group what would stop or end the caller itself.
 * @param processes of the group and the groups below
 * @throws SystemError EDEADLK when the caller is among them
 * @example
 * refuseCallerInside('/sys/fs/cgroup/box', { processes: listProcesses('/sys/fs/cgroup/box'), syscall: 'kill' });
 */
export function refuseCallerInside(
  directory: string,
  { processes, syscall }: { processes: readonly number[]; syscall: 'kill' | 'freeze' },
): void {
  if (!processes.includes(process.pid)) return;
  throw new SystemError({
    code: 'EDEADLK',
    syscall,
    path: directory,
    text: `the calling process ${process.pid} is in the group itself`,
    hint: 'move it out first: write its pid into the cgroup.procs of another group',
  });
}
