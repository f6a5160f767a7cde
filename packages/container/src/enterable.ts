import { readFileSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import { closeFd, pidfdOpen } from '@coracle/syscalls';

/**
 * A process of a container that an ordinary user may enter beside an init. setns(2) asks for the right to trace the process, and
 * nobody may trace the init; its child, the program, lies in the same namespaces.
 * @param init pid of a process 1 that is known to be alive
 * @returns a pidfd, to be closed by the caller; `undefined` when the program has ended
 * @see proc_pid_task_tid_children(5)
 */
export function openProgram(init: number): number | undefined {
  const [child] = childrenOf(init);
  if (child === undefined) return undefined;
  try {
    const pidfd = pidfdOpen(child);
    if (childrenOf(init).includes(child)) return pidfd;
    closeFd(pidfd); // it ended in between, and its number may be another's
    return undefined;
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return undefined;
    throw error;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return [];
    throw error;
  }
}
