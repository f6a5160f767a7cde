import { readFileSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import { Agent, type AgentOptions, type RunningAgent } from './agent.ts';
import { flags, output } from './arg.ts';
import { clone3, close, closeRange, dup3, prctl } from './calls.ts';
import { Channel, messageFor } from './channel.ts';
import { F, MSG, OPEN, PR, SIGCHLD } from './constants.ts';
import { closeFd, socketPair } from './host-calls.ts';
import type { Message } from './message.ts';
import type { Outcome } from './outcome.ts';
import { type Step, step } from './step.ts';
import { fdControlLength, receiveHeader, signalAction } from './structs.ts';
import { SyscallError } from './syscall-error.ts';

/** Where an agent listens. */
const SOCKET = 3;
/** The first descriptor an agent is given beside its input, output, error output and socket. */
const FIRST_GIVEN = 4;

/**
 * An agent that gives birth to others, for programs that need many of them: a fork of 1.5 KB takes a fraction of the time of
 * a posix_spawn(3), which copies this process's whole table of descriptors and executes a file.
 *
 * Its children have the ids, the limits and the cgroup that this process had when the nursery was made; after a change of
 * those, make another. It ends with this process. The kernel buries its children: none is ever a zombie of this process.
 * @example
 * const nursery = Nursery.open();
 * const agent = nursery.bear();
 * await agent.channel.run({ steps: [step('getpid', [], 'learn the process id')] });
 * agent.close();
 * nursery.close();
 */
export class Nursery implements Disposable {
  readonly pid: number;
  readonly #agent: Agent;
  /** Where the kernel looks for what ps(1) shows; 0 when that is not to be known. */
  readonly #titleAt: number;
  /** Births whose reports are not read yet: in the order in which they come. */
  #unread: Birth[] = [];

  private constructor(agent: Agent) {
    this.#agent = agent;
    this.pid = agent.pid;
    this.#titleAt = titleAddress(agent.pid);
    this.#unread.push({ message: agent.channel.post({ steps: settleDown() }), outcome: undefined });
  }

  /**
   * Starts a nursery.
   * @throws SystemError as {@link Agent.spawn}
   * @example
   * using nursery = Nursery.open();
   */
  static open(): Nursery {
    const agent = Agent.spawn({ title: 'coracle: nursery'.padEnd(TITLE_LENGTH - 1) });
    try {
      return new Nursery(agent);
    } catch (error) {
      agent.close();
      throw error;
    }
  }

  /**
   * Makes an agent. It is there when it answers; that it could not be made shows as an end of its channel, with
   * {@link RunningAgent.whyGone} as the reason.
   * @throws SystemError EPIPE when the nursery is gone, EBADF when a descriptor passed is not open: close it then
   * @example
   * const agent = nursery.bear({ stdio: [readEnd, 1, 2] });
   */
  bear({ stdio = [0, 1, 2], fds = [], title = 'coracle-agent' }: AgentOptions = {}): RunningAgent {
    this.#readReports();
    const message = birthMessage({ extraFds: fds.length, titleAt: this.#titleAt });
    const [ours, theirs] = socketPair();
    try {
      this.#agent.channel.send(message);
      this.#agent.channel.sendFds([...stdio, theirs, ...fds]);
    } catch (error) {
      closeFd(ours);
      throw error;
    } finally {
      closeFd(theirs);
    }
    const birth: Birth = { message, outcome: undefined };
    this.#unread.push(birth);
    const channel = new Channel(ours, { passOver: message });
    if (this.#titleAt !== 0) sendTitle(channel, title);
    return new Child(channel, { image: this.#agent.image, whyGone: () => this.#whyNotBorn(birth) });
  }

  /** Reports are of interest only when a child does not come, so they are left to lie until there is time. */
  #readReports(): void {
    for (const birth of this.#unread.splice(0)) {
      birth.outcome = this.#agent.channel.report(birth.message);
      birth.outcome.catch(() => {}); // whoever waits for the child is told
    }
  }

  async #whyNotBorn(birth: Birth): Promise<Error | undefined> {
    this.#readReports();
    const outcome = await birth.outcome;
    return outcome?.failure && new SyscallError(outcome.failure.step, outcome.failure.errno);
  }

  /** Ends the nursery; its children live on. */
  close(): void {
    this.#agent.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A program that was sent to the nursery, and its outcome once somebody asks for it. */
interface Birth {
  message: Message;
  outcome: Promise<Outcome | undefined> | undefined;
}

/** An agent out of a nursery. */
class Child implements RunningAgent {
  readonly channel: Channel;
  readonly image: RunningAgent['image'];
  readonly whyGone: RunningAgent['whyGone'];

  constructor(channel: Channel, { image, whyGone }: Pick<RunningAgent, 'image' | 'whyGone'>) {
    this.channel = channel;
    this.image = image;
    this.whyGone = whyGone;
  }

  close(): void {
    this.channel.hangUp();
  }

  letGo(): void {
    this.channel.close();
  }
}

/** The nursery holds nothing but its socket, so that descriptors it receives get the lowest numbers, which are known then. */
function settleDown(): Step[] {
  return [
    prctl(flags(PR, 'PR_SET_NAME'), ['coracle-nursery'], 'let ps show what this process is'),
    setAction('ignore', 'let the kernel bury the children'),
    closeRange({ first: 0, last: SOCKET - 1 }, 'hold nothing of the caller'),
    closeRange({ first: FIRST_GIVEN }, 'hold nothing of the caller'),
  ];
}

/** What tells the program of one birth from that of another. */
interface BirthPlan {
  extraFds: number;
  titleAt: number;
}

const messages = new Map<string, Message>();

/** Encoded once for all that have as many descriptors. */
function birthMessage(plan: BirthPlan): Message {
  const key = `${plan.extraFds} ${plan.titleAt}`;
  const known = messages.get(key);
  if (known) return known;
  const message = messageFor({ steps: planBirth(plan), finally: forget() });
  messages.set(key, message);
  return message;
}

/**
 * What the nursery receives is input, output and error output as 0, 1 and 2, and behind its own socket the child's socket
 * and the rest, each one higher than the child is to have it.
 */
function planBirth({ extraFds, titleAt }: BirthPlan): Step[] {
  const last = FIRST_GIVEN + extraFds;
  const take = 'take what the child is given';
  const place = 'have each descriptor where it belongs';
  const child = (why: string): { why: string; only: 'child' } => ({ why, only: 'child' });
  const closeOnExec = flags(OPEN, 'O_CLOEXEC');
  return [
    step('recvmsg', [SOCKET, receiveHeader(output('control', fdControlLength(SOCKET + 1 + extraFds))), 0], take),
    step('fcntl', [last, F.F_GETFD], 'see that all of it has come'),
    clone3({ flags: 0 }, 'give birth to an agent'),
    setAction('default', child('learn of the ends of its own children')),
    step('setsid', [], child('be in a session of its own')),
    dup3({ from: FIRST_GIVEN, to: SOCKET, flags: closeOnExec }, child('listen to its own socket')),
    ...Array.from({ length: extraFds }, (_, index) =>
      dup3({ from: FIRST_GIVEN + 1 + index, to: FIRST_GIVEN + index }, child(place)),
    ),
    close(last, child(place)),
    ...(titleAt === 0
      ? []
      : [
          step('recvfrom', [SOCKET, titleAt, TITLE_LENGTH, MSG.MSG_WAITALL, null, 0], child('have a title of its own')),
        ]),
  ];
}

/** Bytes of a title with the NULs behind it: as many as the nursery's own, in whose place it is put. */
const TITLE_LENGTH = 64;

function sendTitle(channel: Channel, title: string): void {
  const bytes = new Uint8Array(TITLE_LENGTH);
  new TextEncoder().encodeInto(title, bytes.subarray(0, TITLE_LENGTH - 1));
  try {
    channel.sendBytes(bytes);
  } catch (error) {
    // There is no child; whoever waits for it is told.
    if (!isErrno(error, 'EPIPE')) throw error;
  }
}

/** Where the arguments of a process begin, which the kernel shows as its command line: proc_pid_stat(5), field 48. */
function titleAddress(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[45]);
}

function forget(): Step[] {
  const purpose = { why: 'leave the descriptors to the child', only: 'parent' } as const;
  return [closeRange({ first: 0, last: SOCKET - 1 }, purpose), closeRange({ first: FIRST_GIVEN }, purpose)];
}

function setAction(action: 'default' | 'ignore', purpose: Parameters<typeof step>[2]): Step {
  return step('rt_sigaction', [SIGCHLD, signalAction(action), null, 8], purpose);
}
