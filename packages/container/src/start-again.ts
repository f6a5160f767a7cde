import { oomKilled } from '@coracle/cgroups';
import { type IdMaps, writeIdMaps } from '@coracle/namespaces';
import {
  Agent,
  Channel,
  closeFd,
  messageFromBytes,
  type Outcome,
  type ProcessEnd,
  SIGKILL,
  socketPair,
} from '@coracle/syscalls';
import { endReport } from './end-report.ts';
import { openInit } from './init-process.ts';
import type { Stdio } from './launch.ts';
import { INIT } from './plan/monitor-outputs.ts';
import type { SentStart } from './sent-start.ts';
import { signalProcess } from './signal-process.ts';
import { recordState, stateIdentity } from './state/state.ts';

/** A container that was started by sending once more what started another. */
export interface StartedAgain {
  /** Sends a signal to process 1 of the container; says whether it was still there. */
  signal(signal: number): boolean;
  /** Rejects when the monitor was killed. */
  readonly ended: Promise<EndedAgain>;
}

/** How it ended, and whether the kernel had ended something in it for want of memory. */
export interface EndedAgain {
  end: ProcessEnd;
  oomKilled: boolean;
}

/**
 * Starts the same container once more, with an id and streams of its own. That what it was planned from is still so is for the caller
 * to know.
 * @returns `undefined` when it was not started: nothing is left of it, and who plans it anew learns why
 * @example
 * const container = await startAgain(sent, { id: 'c0ffee123456', stdio: [0, 1, 2] });
 * const { end } = (await container?.ended) ?? {};
 */
export async function startAgain(
  sent: SentStart,
  { id, stdio }: { id: string; stdio: Stdio },
): Promise<StartedAgain | undefined> {
  const created = Date.now();
  const bytesOf = (sentBytes: Uint8Array): Uint8Array => withId(sentBytes, { from: sent.id, to: id });
  const monitor = messageFromBytes(bytesOf(sent.monitor), new Map(Object.entries(sent.report)));
  const first = messageFromBytes(bytesOf(sent.first));
  const [ours, theirs] = socketPair();
  const init = new Channel(ours);
  try {
    const agent = spawnFor(sent.title.replace(sent.id, id), { stdio, theirs });
    if (!agent) return undefined;
    agent.channel.offer(monitor);
    if (!sent.idMaps) init.offer(first);
    const pid = pidOf(await agent.channel.report(monitor));
    let pidfd = pid === undefined ? undefined : openInit(pid, agent.channel);
    const ended = agent.channel.report(monitor).then((outcome) => {
      if (pidfd !== undefined) closeFd(pidfd);
      pidfd = undefined;
      if (outcome) agent.letGo();
      else agent.close();
      return outcome;
    });
    const isMapped = pid !== undefined && (!sent.idMaps || (await map(pid, sent.idMaps)));
    if (isMapped && sent.idMaps) init.offer(first);
    // The first report of the init is of its own birth. Another one is of what it failed in; the program makes none.
    if (!isMapped || !(await init.report(monitor)) || (await init.report(first))) {
      signalProcess(pidfd, SIGKILL); // it would wait for more
      await ended;
      return undefined;
    }
    const state: SentStart['state'] = JSON.parse(JSON.stringify(sent.state).replaceAll(sent.id, id));
    const isolation = { ...state.isolation, agent: agent.image };
    recordState(sent.stateRoot, { ...state, isolation, id, ...stateIdentity(pid), created, started: Date.now() });
    return {
      signal: (signal) => signalProcess(pidfd, signal),
      ended: ended.then((outcome) => {
        const { end, stats } = endReport(outcome, sent.statFiles);
        return { end, oomKilled: oomKilled(stats) };
      }),
    };
  } finally {
    init.close();
  }
}

/** Says whether they are in force. Why they are not is told by who plans the start anew. */
async function map(pid: number, idMaps: IdMaps): Promise<boolean> {
  try {
    await writeIdMaps(pid, idMaps);
    return true;
  } catch {
    return false;
  }
}

function spawnFor(title: string, { stdio, theirs }: { stdio: Stdio; theirs: number }): Agent | undefined {
  try {
    return Agent.spawn({ stdio, fds: [theirs], title });
  } catch {
    return undefined; // as a descriptor of ours that is closed
  } finally {
    closeFd(theirs);
  }
}

/** An id is made at random: where its text stands it is meant. */
function withId(sent: Uint8Array, { from, to }: { from: string; to: string }): Uint8Array {
  const bytes = Buffer.from(sent);
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + to.length)) bytes.write(to, at);
  return bytes;
}

function pidOf(born: Outcome | undefined): number | undefined {
  const pid = born && new DataView(born.output(INIT).buffer).getBigInt64(0, true);
  return pid !== undefined && pid > 0n ? Number(pid) : undefined;
}
