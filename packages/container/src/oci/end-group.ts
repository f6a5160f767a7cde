import { open } from '@coracle/cgroups';
import { SystemError } from '@coracle/errors';
import { removeGroup } from '../cgroup/cgroup-for.ts';
import { within } from '../within.ts';

/** A process that is still there after this time waits for a device that does not answer. */
const PATIENCE_MS = 10_000;

/**
 * Ends all that lives in a container's cgroup, frozen or not, and removes it. For containers without a pid namespace of their own:
 * otherwise the end of its first process ends them all.
 * @param directories of the group, one in each hierarchy
 * @throws SystemError EBUSY for processes that do not end, EDEADLK when the caller is one of them
 * @see cgroups(7)
 * @example
 * await endGroup(['/sys/fs/cgroup/pids/box', '/sys/fs/cgroup/memory/box']);
 */
export async function endGroup(directories: readonly string[]): Promise<void> {
  // Most are empty: what the kernel then takes away at once need not be looked through.
  const busy = directories.filter((directory) => !removeGroup(directory));
  if (busy.length === 0) return;
  await endProcesses(directories);
  await open(directories).delete();
}

/**
 * Ends all that lives in a container's cgroup, frozen or not. The group stays; one that is not there is empty.
 * @param directories of the group, one in each hierarchy
 * @throws SystemError EBUSY for processes that do not end, EDEADLK when the caller is one of them
 * @example
 * await endProcesses(['/sys/fs/cgroup/pids/box']);
 */
export async function endProcesses(directories: readonly string[]): Promise<void> {
  const [first = ''] = directories;
  await within(
    PATIENCE_MS,
    (signal) => open(directories).killAll({ signal }),
    () => stillLives(first),
  );
}

function stillLives(path: string): SystemError {
  return new SystemError({
    code: 'EBUSY',
    syscall: 'kill',
    path,
    text: 'a process of the container does not end',
    hint: `ps -o pid,stat,wchan -p $(cat ${path}/cgroup.procs) shows what it waits for`,
  });
}
