import { closeSync, constants, openSync } from 'node:fs';
import { SystemError } from '@coracle/errors';
import type { Process } from '@coracle/oci-spec';
import { Agent, Channel, closeFd, pidfdOpen, socketPair } from '@coracle/syscalls';
import { userOf } from '../ids/user-of.ts';
import type { ConfigWarning } from '../oci/config-error.ts';
import { ENTERED } from '../plan/plan-entry.ts';
import { startError } from '../program-error.ts';
import { awaitDescriptor } from '../receive-descriptor.ts';
import { stepError } from '../step-error.ts';
import { checkConsoleSocket, sendTerminal } from './console-socket.ts';
import { doorsBesideInit } from './doors-beside-init.ts';
import { handOver } from './hand-over-listener.ts';
import { openProcess } from './kill.ts';
import { giveStdio } from './own-stdio.ts';
import { planExec } from './plan-exec.ts';
import { preservedDescriptors } from './preserved-descriptors.ts';
import type { ContainerRecord } from './record.ts';
import { sendDescriptor } from './send-descriptor.ts';
import { find } from './status.ts';
import { type Store, writeWhole } from './store.ts';
import { doorsOfSubgroups, type Subgroup } from './subgroups.ts';
import { enterUnit } from './systemd/life-of-unit.ts';

/** How a further program runs in a container. */
export interface ExecOptions {
  process: Process;
  /** Path of a socket that the outer side of its terminal is sent to. */
  consoleSocket?: string | undefined;
  /** Path of a socket that a descriptor of its process is sent to, before it is the program: see pidfd_open(2). */
  pidfdSocket?: string | undefined;
  /** Where its pid is written. */
  pidFile?: string | undefined;
  /** So many descriptors of this process, from 3 on, are given to it. */
  preserveFds?: number;
  /** Enters a container that is paused all the same; the program begins when it goes on. */
  ignorePaused?: boolean;
  /** Groups below the container's own, which are there already; if absent its own, or that of its init where its own takes none or is gone. */
  subgroups?: readonly Subgroup[];
  /** Told of capabilities that cannot be given and are left out. Nobody if absent. */
  onWarning?: (warning: ConfigWarning) => void;
}

/**
 * Starts a further program in a container, with this process's input and output. It stays when this process ends.
 * @throws SystemError ENOENT when there is no such container, EINVAL when it does not run; {@link ProgramError} when the program
 *   cannot be started
 * @returns its pid: it is a child of who takes orphans in
 * @example
 * await exec(new Store('/run/coracle-oci'), 'web', { process: { user: { uid: 0, gid: 0 }, args: ['ps'], cwd: '/' } });
 */
export async function exec(store: Store, id: string, options: ExecOptions): Promise<number> {
  const { record, status } = find(store, id);
  const target = record.process && openProcess(record.process);
  if (status === 'stopped' || status === 'creating' || target === undefined) throw notRunning(id, status);
  try {
    if (status === 'paused' && !options.ignorePaused) throw isPaused(id);
    checkConsoleSocket({ terminal: options.process.terminal === true, consoleSocket: options.consoleSocket });
    return await enterSomewhere(record, { ...options, target });
  } finally {
    closeFd(target);
  }
}

/** What is entered, and by which doors of groups. */
type Entry = ExecOptions & { target: number; doors: readonly string[] };

/**
 * Enters the groups that are asked for, and without any those of the container. One of version 2 that has come to hand controllers
 * down, as a systemd in the container makes it, takes no process any more, and one that the init has left may be gone: the program is
 * then where the init is.
 */
async function enterSomewhere(record: ContainerRecord, options: Omit<Entry, 'doors'>): Promise<number> {
  const { subgroups = [] } = options;
  const doors = doorsOfSubgroups(record.doors, subgroups);
  try {
    return await enter(record, { ...options, doors });
  } catch (error) {
    const others = subgroups.length > 0 ? undefined : doorsBesideInit(doors, { error, init: record.process?.pid });
    if (others === undefined) throw error;
    return await enter(record, { ...options, doors: others, onWarning: () => {} }); // told before the first attempt
  }
}

async function enter(record: ContainerRecord, options: Entry): Promise<number> {
  const preserved = preservedDescriptors(options.preserveFds ?? 0, process.env);
  const { env = [], ...wanted } = options.process;
  const program = planExec({
    record,
    wanted: { ...wanted, env: [...env, ...preserved.variables] },
    preserved: preserved.fds.length,
    joinFiles: options.doors,
    onWarning: options.onWarning,
  });
  if (!wanted.terminal) giveStdio(userOf(wanted).uid, record.idMaps?.uids);
  const answerer = record.notifies ? handOver(record) : undefined;
  const [ours, theirs] = socketPair();
  const channel = new Channel(ours);
  const handover = wanted.terminal || answerer ? socketPair() : undefined;
  const nothing = openSync('/dev/null', constants.O_RDWR);
  let agent: Agent | undefined;
  let handed: Promise<void> | undefined;
  try {
    const given = [theirs, handover?.[1] ?? nothing, options.target, ...preserved.fds];
    try {
      agent = Agent.spawn({ fds: given, title: 'coracle: exec' });
    } finally {
      closeFd(theirs);
      if (handover) closeFd(handover[1]);
    }
    if (record.unit?.isUsers) await enterUnit(record.unit, agent.pid);
    const message = agent.channel.post(program);
    const entered = await agent.channel.report(message);
    if (entered?.failure) throw stepError(entered.failure);
    const pid = entered?.result(ENTERED);
    if (pid === undefined) throw notRunning(record.id, 'stopped');
    // While the agent lives its child is not buried, so that the number is surely still its own.
    if (options.pidfdSocket !== undefined) sendPidfd(options.pidfdSocket, pid);
    agent.close();
    agent = undefined;
    // What is asked about may stand on the way to the program already.
    handed = handover && passOn(handover[0], { pid, consoleSocket: options.consoleSocket, answerer });
    handed?.catch(() => {}); // told below, unless the start fails first
    const notStarted = await channel.report(message);
    if (notStarted) throw startError(wanted.args?.[0] ?? '', notStarted, message.steps);
    await handed;
    if (options.pidFile !== undefined) writeWhole(options.pidFile, String(pid), 0o644);
    return pid;
  } finally {
    channel.close();
    agent?.close();
    closeSync(nothing);
    await handed?.catch(() => {}); // it is waiting at the descriptor, whose other ends are closed by now
    if (handover) closeFd(handover[0]);
  }
}

function sendPidfd(path: string, pid: number): void {
  const fd = pidfdOpen(pid);
  try {
    sendDescriptor(path, { fd, words: 'setns' }); // runc's word for it
  } finally {
    closeFd(fd);
  }
}

/** What comes out of the program: its terminal, and behind that the listener of its filter. */
async function passOn(
  handover: number,
  {
    pid,
    consoleSocket,
    answerer,
  }: { pid: number; consoleSocket: string | undefined; answerer: ReturnType<typeof handOver> | undefined },
): Promise<void> {
  if (consoleSocket !== undefined) sendTerminal(consoleSocket, await awaitDescriptor(handover));
  await answerer?.(handover, pid);
}

function notRunning(id: string, status: string): SystemError {
  return new SystemError({
    code: 'EINVAL',
    syscall: 'exec',
    path: id,
    text:
      status === 'creating'
        ? 'the container is being made'
        : 'cannot exec in a stopped container: container not running',
    hint: 'a program can be started in a container that was created, or runs',
  });
}

function isPaused(id: string): SystemError {
  return new SystemError({
    code: 'EINVAL',
    syscall: 'exec',
    path: id,
    text: 'cannot exec in a paused container',
    hint: `resume ${id} first, or give --ignore-paused`,
  });
}
