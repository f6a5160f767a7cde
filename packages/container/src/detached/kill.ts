import { open } from '@coracle/cgroups';
import { isErrno, SystemError } from '@coracle/errors';
import { closeFd, pidfdOpen, pidfdSendSignal, SIGKILL } from '@coracle/syscalls';
import { letDie } from './freezer.ts';
import { isProcessAlive, type ProcessIdentity } from './process-identity.ts';
import { find } from './status.ts';
import type { Store } from './store.ts';

/**
 * Sends a signal to the first process of a container, or to all of them.
 * @param signal its number
 * @throws SystemError ENOENT when there is no such container, ESRCH when it has stopped
 * @example
 * await kill(new Store('/run/coracle-oci'), 'web', { signal: 15 });
 */
export async function kill(
  store: Store,
  id: string,
  { signal, all = false }: { signal: number; all?: boolean },
): Promise<void> {
  const { record, status } = find(store, id);
  const { process, cgroups } = record;
  if (all) {
    // What its first process has left behind can still be reached.
    for (const pid of open(cgroups).processes()) signalPid(pid, signal);
    if (signal === SIGKILL) await letDie(cgroups);
    return;
  }
  const pidfd = status === 'stopped' || !process ? undefined : openProcess(process);
  if (pidfd === undefined) throw notRunning(id);
  try {
    if (!signalProcess(pidfd, signal)) throw notRunning(id);
  } finally {
    closeFd(pidfd);
  }
  // What is frozen dies only when it goes on.
  if (signal === SIGKILL) await letDie(cgroups);
}

/**
 * A descriptor of a process that is known by more than its number.
 * @returns `undefined` when it has ended
 */
export function openProcess(identity: ProcessIdentity): number | undefined {
  let pidfd: number;
  try {
    pidfd = pidfdOpen(identity.pid);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return undefined;
    throw error;
  }
  if (isProcessAlive(identity)) return pidfd;
  closeFd(pidfd);
  return undefined;
}

/** Sends a signal; says whether there was somebody to receive it. */
export function signalProcess(pidfd: number, signal: number): boolean {
  try {
    pidfdSendSignal(pidfd, signal);
    return true;
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    throw error;
  }
}

function signalPid(pid: number, signal: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

function notRunning(id: string): SystemError {
  return new SystemError({
    code: 'ESRCH',
    syscall: 'kill',
    path: id,
    text: 'container not running',
    hint: `it has ended: delete ${id} removes what is left of it`,
  });
}
