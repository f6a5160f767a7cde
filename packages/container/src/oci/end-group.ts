import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno, SystemError } from '@coracle/errors';
import { removeGroup } from '../cgroup-for.ts';

/** Between two looks: a process that was killed needs a moment to be gone. */
const PAUSE_MS = 2;
/** A process that is still there after so many looks waits for a device that does not answer. */
const MOST_LOOKS = 5000;

/**
 * Ends all that lives in a container's cgroup and removes it. For containers without a pid namespace of their own: otherwise the end
 * of its first process ends them all.
 * @param directories of the group, one in each hierarchy
 * @throws SystemError EBUSY for processes that do not end, EDEADLK when the caller is one of them
 * @see cgroups(7)
 * @example
 * await endGroup(['/sys/fs/cgroup/pids/box', '/sys/fs/cgroup/memory/box']);
 */
export async function endGroup(directories: readonly string[]): Promise<void> {
  const [first = ''] = directories;
  for (let look = 0; look < MOST_LOOKS; look++) {
    const pids = new Set(directories.flatMap(processesIn));
    if (pids.has(process.pid))
      throw new SystemError({
        code: 'EDEADLK',
        syscall: 'kill',
        path: first,
        text: 'the caller is in the group itself',
      });
    for (const pid of pids) end(pid);
    if (pids.size === 0 && directories.every(removeGroup)) return;
    await sleep(PAUSE_MS);
  }
  throw new SystemError({
    code: 'EBUSY',
    syscall: 'rmdir',
    path: first,
    text: 'a process of the container does not end',
    hint: `ps -o pid,stat,wchan -p $(cat ${first}/cgroup.procs) shows what it waits for`,
  });
}

function processesIn(directory: string): number[] {
  try {
    return readFileSync(`${directory}/cgroup.procs`, 'latin1').split('\n').filter(Boolean).map(Number);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV')) return [];
    throw error;
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}
