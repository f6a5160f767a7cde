import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, SystemError } from '@coracle/errors';
import { closeFd, pidfdOpen, pidfdSendSignal, SIGKILL } from '@coracle/syscalls';
import { thawIfAny } from './freezer.ts';
import { isProcessAlive, type ProcessIdentity } from './process-identity.ts';
import { find } from './status.ts';
import type { Store } from './store.ts';

/**
 * Sends a signal to the first process of a container, or to all of them.
 * @param signal its number
 * @throws SystemError ENOENT when there is no such container, ESRCH when it has stopped
 * @example
 * kill(new Store('/run/coracle-oci'), 'web', { signal: 15 });
 */
export function kill(store: Store, id: string, { signal, all = false }: { signal: number; all?: boolean }): void {
  const { record, status } = find(store, id);
  const { process, cgroups } = record;
  if (all) {
    // What its first process has left behind can still be reached.
    for (const pid of processesIn(cgroups)) signalPid(pid, signal);
    if (signal === SIGKILL) thawIfAny(cgroups);
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
  if (signal === SIGKILL) thawIfAny(cgroups);
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

/**
 * The processes in the groups of a container and in those below, as the caller numbers them.
 * @param cgroups directories of one group: where it lies in several hierarchies, one tells all
 */
export function processesIn(cgroups: readonly string[]): number[] {
  const [pids] = cgroups.map(listProcesses).filter((found) => found.length > 0);
  return pids ?? [];
}

function listProcesses(directory: string): number[] {
  try {
    const own = readFileSync(join(directory, 'cgroup.procs'), 'latin1').split('\n').filter(Boolean).map(Number);
    const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...own, ...below.flatMap(({ name }) => listProcesses(join(directory, name)))];
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV')) return [];
    throw error;
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
