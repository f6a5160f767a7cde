import { open } from '@coracle/cgroups';
import { isErrno, SystemError } from '@coracle/errors';
import type { Config } from '@coracle/oci-spec';
import { closeFd, pidfdOpen, SIGKILL } from '@coracle/syscalls';
import { endProcesses } from '../oci/end-group.ts';
import { isProcessAlive, type ProcessIdentity } from '../process-identity.ts';
import { signalProcess } from '../signal-process.ts';
import { letDie } from './freezer.ts';
import type { Container } from './record.ts';
import { find, statusOf } from './status.ts';
import type { Held, Store } from './store.ts';

/**
 * Sends a signal to the first process of a container, or to all of them. SIGKILL goes to all too where the container shares its
 * pid namespace: there the end of the first process ends no other. One that waits for its start is ended by what asks it to end.
 * @param signal its number; 0 only asks whether there is somebody to receive one
 * @throws SystemError ENOENT when there is no such container, ESRCH when it has stopped; EBUSY when killed processes do not end
 * @see kill(2), pid_namespaces(7)
 * @example
 * await kill(new Store('/run/coracle-oci'), 'web', { signal: 15 });
 */
export async function kill(
  store: Store,
  id: string,
  { signal, all = false }: { signal: number; all?: boolean },
): Promise<void> {
  const container = find(store, id);
  const { config, cgroups } = container.record;
  const isToEnd = signal === SIGKILL && (all || sharesPids(config)) && cgroups.length > 0;
  if (isToEnd) return endEvery(container, { mayBeStopped: all });
  // What its first process has left behind can still be reached.
  if (all) for (const pid of open(cgroups).processes()) signalPid(pid, signal);
  if (container.status === 'created' && ENDING.has(signal)) await endWaiting(store, container, signal);
  else if (!all) signalFirst(container, signal);
  // What is frozen dies only when it goes on.
  if (signal === SIGKILL) await letDie(cgroups);
}

/** SIGHUP, SIGINT, SIGQUIT, SIGABRT and SIGTERM: what is asked to end by these ends, unless it knows better. */
const ENDING: ReadonlySet<number> = new Set([1, 2, 3, 6, 15]);

/**
 * What waits for its start is not the program yet, and handles no signal: of those that it handles not, the kernel keeps all but
 * SIGKILL from the first process of a pid namespace. A start that is under way is let be: the program is to have the signal itself.
 */
async function endWaiting(store: Store, container: Container, signal: number): Promise<void> {
  let held: Held | undefined;
  try {
    held = await store.hold(container.record.id, { patienceMs: 0 });
  } catch (error) {
    if (!isErrno(error, 'EBUSY')) throw error;
  }
  try {
    const waits = held !== undefined && statusOf(store, container.record) === 'created';
    signalFirst(container, waits ? SIGKILL : signal);
  } finally {
    held?.[Symbol.dispose]();
  }
}

async function endEvery({ record, status }: Container, { mayBeStopped }: { mayBeStopped: boolean }): Promise<void> {
  const { id, cgroups } = record;
  if (status === 'stopped' && !mayBeStopped && open(cgroups).processes().length === 0) throw notRunning(id);
  await endProcesses(cgroups);
}

function signalFirst({ record: { id, process }, status }: Container, signal: number): void {
  const pidfd = status === 'stopped' || !process ? undefined : openProcess(process);
  if (pidfd === undefined) throw notRunning(id);
  try {
    if (!signalProcess(pidfd, signal)) throw notRunning(id);
  } finally {
    closeFd(pidfd);
  }
}

/** Whether it lives in a pid namespace that is not its own: that of the host, or of another container. */
function sharesPids({ linux }: Config): boolean {
  return !linux?.namespaces?.some(({ type, path }) => type === 'pid' && path === undefined);
}

/**
 * A descriptor of a process that is known by more than its number.
 * @returns `undefined` when it has ended
 */
export function openProcess(identity: ProcessIdentity): number | undefined {
  // The usual case of `delete` costs no error, which is made of much that is not at hand then.
  if (!isProcessAlive(identity)) return undefined;
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
