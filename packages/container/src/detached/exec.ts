import { closeSync, constants, openSync } from 'node:fs';
import { SystemError } from '@coracle/errors';
import type { Process } from '@coracle/oci-spec';
import { Agent, Channel, closeFd, socketPair } from '@coracle/syscalls';
import { ENTERED } from '../plan-entry.ts';
import { startError } from '../program-error.ts';
import { receiveDescriptor } from '../receive-descriptor.ts';
import { stepError } from '../step-error.ts';
import { checkConsoleSocket, passTerminal } from './console-socket.ts';
import { openProcess } from './kill.ts';
import { giveStdio } from './own-stdio.ts';
import { planExec } from './plan-exec.ts';
import { preservedDescriptors } from './preserved-descriptors.ts';
import { readable } from './readable.ts';
import type { ContainerRecord } from './record.ts';
import { find } from './status.ts';
import { type Store, writeWhole } from './store.ts';
import { doorsOfSubgroups, type Subgroup } from './subgroups.ts';

/** How a further program runs in a container. */
export interface ExecOptions {
  process: Process;
  /** Path of a socket that the outer side of its terminal is sent to. */
  consoleSocket?: string | undefined;
  /** Where its pid is written. */
  pidFile?: string | undefined;
  /** So many descriptors of this process, from 3 on, are given to it. */
  preserveFds?: number;
  /** Enters a container that is paused all the same; the program begins when it goes on. */
  ignorePaused?: boolean;
  /** Groups below the container's own, which are there already; its own if absent. */
  subgroups?: readonly Subgroup[];
}

/**
 * Starts a further program in a container, with this process's input and output. It stays when this process ends.
 * @throws SystemError ENOENT when there is no such container, EINVAL when it does not run; {@link ProgramError} when the program
 *   cannot be started
 * @returns its pid: it is a child of who takes orphans in
 */
export async function exec(store: Store, id: string, options: ExecOptions): Promise<number> {
  const { record, status } = find(store, id);
  const target = record.process && openProcess(record.process);
  if (status === 'stopped' || status === 'creating' || target === undefined) throw notRunning(id, status);
  try {
    if (status === 'paused' && !options.ignorePaused) throw isPaused(id);
    checkConsoleSocket({ terminal: options.process.terminal === true, consoleSocket: options.consoleSocket });
    return await enter(record, { ...options, target });
  } finally {
    closeFd(target);
  }
}

async function enter(record: ContainerRecord, options: ExecOptions & { target: number }): Promise<number> {
  const preserved = preservedDescriptors(options.preserveFds ?? 0, process.env);
  const { env = [], ...wanted } = options.process;
  const program = planExec({
    record,
    wanted: { ...wanted, env: [...env, ...preserved.variables] },
    preserved: preserved.fds.length,
    joinFiles: doorsOfSubgroups(record.doors, options.subgroups ?? []),
  });
  if (!wanted.terminal) giveStdio(wanted.user.uid, record.idMaps?.uids);
  const [ours, theirs] = socketPair();
  const channel = new Channel(ours);
  const handover = wanted.terminal || record.notifies ? socketPair() : undefined;
  const nothing = openSync('/dev/null', constants.O_RDWR);
  let agent: Agent | undefined;
  try {
    const given = [theirs, handover?.[1] ?? nothing, options.target, ...preserved.fds];
    try {
      agent = Agent.spawn({ fds: given, title: 'coracle: exec' });
    } finally {
      closeFd(theirs);
      if (handover) closeFd(handover[1]); // its end is to be seen
    }
    const listener = record.notifies ? await listenerFor(record) : undefined;
    const message = agent.channel.post(program);
    const entered = await agent.channel.report(message);
    if (entered?.failure) throw stepError(entered.failure);
    const pid = entered?.result(ENTERED);
    if (pid === undefined) throw notRunning(record.id, 'stopped');
    agent.close();
    agent = undefined;
    const taken = takeOver({ handover: handover?.[0], hasTerminal: wanted.terminal === true, listener, pid });
    const notStarted = await channel.report(message);
    const terminal = await taken;
    if (notStarted) {
      if (terminal !== undefined) closeFd(terminal);
      throw startError(wanted.args?.[0] ?? '', notStarted, message.steps);
    }
    if (options.consoleSocket !== undefined) passTerminal(options.consoleSocket, terminal);
    if (options.pidFile !== undefined) writeWhole(options.pidFile, String(pid), 0o644);
    return pid;
  } finally {
    channel.close();
    agent?.close();
    closeSync(nothing);
    if (handover) closeFd(handover[0]);
  }
}

type PassListener = (connection: number, pid: number) => Promise<void>;

/** Connects to who answers the calls that the filter asks about, before anything asks. */
async function listenerFor(record: ContainerRecord): Promise<PassListener> {
  const { handOver } = await import('./hand-over-listener.ts');
  return handOver(record);
}

/** Takes what the program hands over on its way: its terminal, and the listener of its filter, which goes on at once. */
async function takeOver({
  handover,
  hasTerminal,
  listener,
  pid,
}: {
  handover: number | undefined;
  hasTerminal: boolean;
  listener: PassListener | undefined;
  pid: number;
}): Promise<number | undefined> {
  if (handover === undefined) return undefined;
  let terminal: number | undefined;
  if (hasTerminal) {
    await readable(handover);
    terminal = receiveDescriptor(handover);
  }
  await listener?.(handover, pid);
  return terminal;
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
