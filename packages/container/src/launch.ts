import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { checkMounts } from '@coracle/chroot-fs';
import { isErrno, SystemError } from '@coracle/errors';
import { parseMountinfo } from '@coracle/mountinfo';
import { writeIdMaps } from '@coracle/namespaces';
import {
  Channel,
  closeFd,
  libc,
  type Message,
  messageFor,
  type Outcome,
  type RunningAgent,
  socketPair,
} from '@coracle/syscalls';
import { type EndReport, endReport } from './end-report.ts';
import { giveIdmapped } from './idmapped/give-idmapped.ts';
import { giveTree } from './idmapped/give-tree.ts';
import { openInit } from './init-process.ts';
import { relabelTree } from './labels/relabel-tree.ts';
import { nullStdio, ownNullStdio, ownsNullStdio } from './null-stdio.ts';
import { INIT } from './plan/monitor-outputs.ts';
import type { Plan } from './plan/plan.ts';
import { startError } from './program-error.ts';
import { receiveDescriptor } from './receive-descriptor.ts';
import type { SentMessages } from './sent-start.ts';
import { signalProcess } from './signal-process.ts';
import { startAgent } from './start-agent.ts';
import { stepError } from './step-error.ts';

const NOTHING = new Uint8Array();

/** How far a container is to be brought at once: set up, or started as well, which saves a message. */
export type Goal = 'created' | 'started';

/** What a container is launched with, beside its plan. */
export interface LaunchOptions {
  stdio: Stdio;
  /** The caller's terminal, to be put back at the end. */
  terminalFd: number | undefined;
  goal: Goal;
  /** Is given what a container is made and started with, as soon as it is sent. */
  onSent?: ((messages: SentMessages) => void) | undefined;
}

/** Descriptors of ours that become input, output and error output of the container. */
export type Stdio = readonly [number, number, number];

/**
 * A container between its birth and its end, as the host process sees it: the only place where programs are run.
 */
export class Launch {
  readonly pid: number;
  /** Where the agent's code was run from. */
  readonly image: RunningAgent['image'];
  /** What is still to be done, and the program that the init was born in; let go of once its own runs, for that may be long. */
  #ahead: { plan: Plan; first: Message; birth: Message } | undefined;
  readonly #handsOver: Pick<Plan, 'terminal' | 'notifies'>;
  readonly #statFiles: number;
  readonly #agent: RunningAgent;
  readonly #init: Channel;
  /** Of the container's first process; `undefined` when it had ended before this could be opened. */
  readonly #pidfd: number | undefined;
  /** Where it is to get with the first message. */
  readonly #goal: Goal;
  #setup: Promise<boolean> | undefined;
  #birth: Promise<Outcome | undefined> | undefined;
  #over = false;
  /** Where the init sends its terminal and its filter's listener, if it has them. */
  readonly #handoverFd: number | undefined;
  /** Ends the waiting for what is handed over, before its descriptor is closed. */
  #giveUp: (() => void) | undefined;
  /** The terminal's outer side, received and not yet taken. */
  #terminal: number | undefined;
  readonly ended: Promise<EndReport>;

  private constructor(parts: {
    plan: Plan;
    agent: RunningAgent;
    init: Channel;
    pid: number;
    message: Message;
    goal: Goal;
    first: Message;
    handoverFd: number | undefined;
  }) {
    this.#ahead = { plan: parts.plan, first: parts.first, birth: parts.message };
    this.#handsOver = { terminal: parts.plan.terminal, notifies: parts.plan.notifies };
    this.#statFiles = parts.plan.statFiles.length;
    this.#agent = parts.agent;
    this.#init = parts.init;
    this.pid = parts.pid;
    this.image = parts.agent.image;
    this.#goal = parts.goal;
    this.#handoverFd = parts.handoverFd;
    this.#pidfd = openInit(parts.pid, parts.agent.channel);
    // Of a program of hundreds of steps only the places of its outputs are kept while the container lives.
    this.ended = this.#awaitEnd({ ...parts.message, bytes: NOTHING, steps: [] });
  }

  /**
   * Makes the monitor and the init: the container's namespaces and cgroup exist, nothing is set up in them.
   * @throws SystemError naming the step that failed; everything made so far is undone
   */
  static async begin(plan: Plan, { stdio, terminalFd, goal: wanted, onSent }: LaunchOptions): Promise<Launch> {
    // Its mounts are looked at before anything of it runs.
    const goal = plan.restrictions ? 'created' : wanted;
    for (const tree of plan.owned) await giveTree(tree);
    for (const tree of plan.labelled) await relabelTree(tree);
    const [initOurs, initTheirs] = socketPair();
    const init = new Channel(initOurs);
    const handover = plan.terminal || plan.notifies || plan.idmapped.length > 0 ? socketPair() : undefined;
    let agent: RunningAgent | undefined;
    try {
      agent = startMonitor(plan, { stdio, fds: [initTheirs, handover?.[1], terminalFd] });
      closeFd(initTheirs);
      const message = agent.channel.post(plan.monitor);
      // Encoded while the kernel makes the namespaces, and sent before the init is born, so that it does not wait.
      const setup = [...plan.setup, ...(ownsNullStdio(plan) ? ownNullStdio(nullStdio(stdio)) : [])];
      const first = messageFor({ steps: goal === 'created' ? setup : [...setup, ...plan.start] });
      if (!plan.idMaps) init.offer(first);
      if (goal === 'started') onSent?.({ monitor: message, first });
      const born = await agent.channel.report(message);
      const pid = bornPid(born, await (born ? undefined : agent.whyGone()));
      if (plan.idMaps) await writeIdMaps(pid, plan.idMaps);
      if (handover && plan.idmapped.length > 0)
        await giveIdmapped(plan.idmapped, { pid, idMaps: plan.idMaps, socket: handover[0] });
      if (plan.idMaps) init.offer(first); // its first step is to become root of its user namespace
      return new Launch({ plan, agent, init, pid, message, goal, first, handoverFd: handover?.[0] });
    } catch (error) {
      // A monitor that was never there breaks the pipe to it, which says nothing of why.
      const reason = isErrno(error, 'EPIPE') ? await agent?.whyGone() : undefined;
      init.close();
      agent?.close();
      if (handover) closeFd(handover[0]);
      throw reason ?? error;
    } finally {
      if (handover) closeFd(handover[1]);
    }
  }

  /**
   * Runs the set-up of a launch whose goal is *created*; afterwards it is that.
   * @throws SyscallError when a step fails; SystemError ECANCELED when the init was killed on the way
   */
  async setUp(): Promise<void> {
    this.#setup ??= this.#runSetUp();
    if (!(await this.#setup)) throw await this.#diedEarly();
  }

  /** @returns whether the init is still there */
  async #runSetUp(): Promise<boolean> {
    const outcome = this.#ahead && (await this.#reportOfInit(this.#ahead.first, this.#ahead.birth));
    if (outcome?.failure) throw stepError(outcome.failure);
    const restrictions = this.#ahead?.plan.restrictions;
    if (!outcome || !restrictions) return outcome !== undefined;
    const mountinfo = mountinfoOf(this.pid);
    if (mountinfo !== undefined) checkMounts(parseMountinfo(mountinfo), restrictions);
    return mountinfo !== undefined;
  }

  /**
   * Starts the program, after the set-up; with the goal *started* both go out as one message. One that is killed on the way has an end
   * like any other.
   * @throws ProgramError when the program cannot be started, SyscallError when a step fails
   */
  async start(): Promise<void> {
    if (this.#goal === 'created') this.#setup ??= this.#runSetUp();
    if ((await this.#setup) === false) return;
    const ahead = this.#ahead;
    if (!ahead) throw new TypeError('the program was started before');
    let message = ahead.first;
    if (this.#goal === 'created') {
      message = messageFor({ steps: ahead.plan.start });
      this.#init.offer(message);
    }
    const outcome = await this.#reportOfInit(message, ahead.birth);
    if (outcome) throw startError(ahead.plan.program, outcome, message.steps);
    this.#ahead = undefined;
    this.#birth = undefined;
    // Each open descriptor makes every later start a little longer: the kernel goes through them all.
    this.#init.close();
  }

  /**
   * What came of a message that the init was sent. Its first report is of its own birth, in the monitor's program.
   * @returns `undefined` when the init has become the program, or is gone
   */
  async #reportOfInit(message: Message, birthMessage: Message): Promise<Outcome | undefined> {
    this.#birth ??= this.#init.report(birthMessage);
    const birth = await this.#birth;
    if (birth?.failure) throw stepError(birth.failure);
    return this.#init.report(message);
  }

  async #diedEarly(): Promise<Error> {
    const { end } = await this.ended;
    const how = 'signal' in end ? `was killed by signal ${end.signal}` : `ended with status ${end.exitCode}`;
    return new SystemError({
      code: 'ECANCELED',
      syscall: 'clone3',
      text: `the first process of the container ${how} during set-up`,
      hint: 'is its memory limit too low? See also the kernel log',
    });
  }

  /** The outer side of the container's terminal; to be taken once, after the start. */
  takeTerminal(): number | undefined {
    const terminal = this.#terminal ?? this.#receive();
    this.#terminal = undefined;
    return terminal;
  }

  /**
   * The listener of the container's filter, as soon as it has one; to be taken once, from the start on.
   * @returns `undefined` when the container ends before
   */
  async takeListener(): Promise<number | undefined> {
    if (this.#handsOver.terminal) {
      await this.#handedOver();
      this.#terminal ??= this.#receive(); // it was sent first
    }
    await this.#handedOver();
    return this.#receive();
  }

  /** Resolves when something has come through the hand-over, or the container has ended. */
  #handedOver(): Promise<void> {
    const fd = this.#handoverFd;
    if (fd === undefined || this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = libc().onReadable(fd, () => this.#giveUp?.());
      this.#giveUp = () => {
        this.#giveUp = undefined;
        stop();
        resolve();
      };
    });
  }

  #receive(): number | undefined {
    return this.#handoverFd === undefined || this.#over ? undefined : receiveDescriptor(this.#handoverFd);
  }

  /** Descriptor of process 1, for those who enter; `undefined` when it has ended. */
  get pidfd(): number | undefined {
    return this.#over ? undefined : this.#pidfd;
  }

  /** Sends a signal to process 1 of the container; says whether it was still there. */
  signal(signal: number): boolean {
    return !this.#over && signalProcess(this.#pidfd, signal);
  }

  async #awaitEnd(message: Message): Promise<EndReport> {
    const outcome = await this.#agent.channel.report(message);
    this.#over = true;
    this.#giveUp?.();
    this.#init.close();
    if (outcome) this.#agent.letGo();
    else this.#agent.close();
    for (const fd of [this.#pidfd, this.#handoverFd, this.#terminal]) if (fd !== undefined) closeFd(fd);
    return endReport(outcome, this.#statFiles);
  }
}

/** What ps(1) shows. An init that stays has the command line it was born with, which then has to suit both. */
export function monitorTitle({ id, init }: Pick<Plan, 'id' | 'init'>): string {
  return init ? `coracle: container ${id}` : `coracle: monitor of ${id}`;
}

/** What a process has mounted; `undefined` for one that was killed, which has nothing any more. */
function mountinfoOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

function startMonitor(
  plan: Pick<Plan, 'id' | 'init'>,
  { stdio, fds }: { stdio: Stdio; fds: (number | undefined)[] },
): RunningAgent {
  const last = fds.findLastIndex((fd) => fd !== undefined);
  const nothing = fds.slice(0, last).includes(undefined) ? openSync('/dev/null', constants.O_RDWR) : undefined;
  try {
    const given = fds.slice(0, last + 1).map((fd) => fd ?? nothing ?? 0);
    return startAgent({ stdio, fds: given, title: monitorTitle(plan) });
  } finally {
    if (nothing !== undefined) closeSync(nothing);
  }
}

/** The pid out of the monitor's first report. When that is its last, the step that failed is the error. */
function bornPid(report: Outcome | undefined, reason: Error | undefined): number {
  if (reason) throw reason;
  if (!report)
    throw new SystemError({
      code: 'ECHILD',
      syscall: 'clone3',
      text: 'the monitor was killed before the container was born',
    });
  const failure = report.failure;
  if (failure) throw stepError(failure);
  const pid = report.result(INIT);
  if (pid === undefined)
    throw new SystemError({ code: 'ECHILD', syscall: 'clone3', text: 'the container was not born' });
  return pid;
}
