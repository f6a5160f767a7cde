import { readFileSync } from 'node:fs';
import { isErrno, SystemError } from '@coracle/errors';
import { Agent, type AgentOptions, type RunningAgent } from './agent.ts';
import { flags, output } from './arg.ts';
import { clone3, close, closeRange, dup3, prctl } from './calls.ts';
import { Channel, messageFor } from './channel.ts';
import { F, MSG, OPEN, PR, SIGCHLD } from './constants.ts';
import { closeFd, socketPair } from './host-calls.ts';
import type { Message } from './message.ts';
import type { Outcome } from './outcome.ts';
import { type Program, type Step, step } from './step.ts';
import { fdControlLength, receiveHeader, signalAction } from './structs.ts';
import { SyscallError } from './syscall-error.ts';

/** Where an agent listens. */
const SOCKET = 3;
/** The first descriptor an agent is given beside its input, output, error output and socket. */
const FIRST_GIVEN = 4;

/**
 * An agent that gives birth to others, for programs that need many of them: a fork of 1.7 KB takes a fraction of the time of
 * a posix_spawn(3), which copies this process's whole table of descriptors and executes a file. From the second child on there
 * is always one more than was asked for: it is there already when it is wanted.
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
  /** Where the kernel looks for what ps(1) shows; 0 while that is not to be known. */
  #titleAt = 0;
  /** Births whose reports are not read yet: in the order in which they come. */
  #unread: Birth[] = [];
  /** A child for whoever comes next. */
  #spare: Child | undefined;
  #isClosed = false;

  private constructor(agent: Agent) {
    this.#agent = agent;
    this.pid = agent.pid;
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
  bear(options: AgentOptions = {}): RunningAgent {
    setImmediate(() => this.#bearSpare()).unref(); // while the kernel is busy with the first
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare && this.#equip(spare, options)) return spare;
    const child = this.#giveBirth();
    this.#equip(child, options); // where nobody was born, whoever waits for the child is told
    return child;
  }

  #bearSpare(): void {
    if (this.#isClosed || this.#spare) return;
    try {
      this.#spare = this.#giveBirth();
    } catch {
      // Whoever needs a child will be told.
    }
  }

  /** A child that holds nothing but its socket. */
  #giveBirth(): Child {
    this.#readReports();
    const message = birthMessage();
    const [ours, theirs] = socketPair();
    try {
      this.#agent.channel.send(message);
      this.#agent.channel.sendFds([theirs]);
    } catch (error) {
      closeFd(ours);
      throw error;
    } finally {
      closeFd(theirs);
    }
    const birth: Birth = { message, outcome: undefined };
    this.#unread.push(birth);
    const channel = new Channel(ours);
    channel.passOver(message);
    return new Child(channel, { image: this.#agent.image, whyGone: () => this.#whyGone(channel, birth) });
  }

  /**
   * Gives a child its descriptors and its title. Says whether there is one.
   * @throws SystemError EBADF
   */
  #equip(child: Child, { stdio = [0, 1, 2], fds = [], title = 'coracle-agent' }: AgentOptions): boolean {
    this.#titleAt ||= titleAddress(this.pid); // a process that is just being executed has none
    const message = equipMessage({ extraFds: fds.length, titleAt: this.#titleAt });
    const { channel } = child;
    try {
      channel.send(message);
      channel.passOver(message);
      channel.sendFds([...stdio, ...fds]);
      channel.sendBytes(titleBytes(title));
      return true;
    } catch (error) {
      if (isErrno(error, 'EPIPE')) return false;
      child.close();
      throw error;
    }
  }

  /** Reports are of interest only when a child does not come, so they are left to lie until there is time. */
  #readReports(): void {
    for (const birth of this.#unread.splice(0)) {
      birth.outcome = this.#agent.channel.report(birth.message);
      birth.outcome.catch(() => {}); // whoever waits for the child is told
    }
  }

  async #whyGone(channel: Channel, birth: Birth): Promise<Error | undefined> {
    this.#readReports();
    const outcome = await birth.outcome;
    if (outcome?.failure) return new SyscallError(outcome.failure.step, outcome.failure.errno);
    return channel.owesReport ? notEquipped() : undefined;
  }

  /** Ends the nursery; its children live on. */
  close(): void {
    this.#isClosed = true;
    this.#spare?.letGo();
    this.#agent.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The only reason for which the kernel hands descriptors over in part. */
function notEquipped(): SystemError {
  return new SystemError({
    code: 'EMFILE',
    syscall: 'recvmsg',
    step: 'hand its descriptors to an agent',
    hint: 'raise the limit on open files (ulimit -n)',
  });
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

let theBirth: Message | undefined;

/** What the nursery receives is the child's socket, as the lowest number, which is free. */
function birthMessage(): Message {
  const child = (why: string): { why: string; only: 'child' } => ({ why, only: 'child' });
  theBirth ??= messageFor({
    steps: [
      step('recvmsg', [SOCKET, receiveHeader(output('control', fdControlLength(1))), 0], "take the child's socket"),
      step('fcntl', [0, F.F_GETFD], 'see that it has come'),
      clone3({ flags: 0 }, 'give birth to an agent'),
      setAction('default', child('learn of the ends of its own children')),
      step('setsid', [], child('be in a session of its own')),
      dup3({ from: 0, to: SOCKET, flags: flags(OPEN, 'O_CLOEXEC') }, child('listen to its own socket')),
      close(0, child('hold nothing else')),
    ],
    finally: [
      closeRange({ first: 0, last: SOCKET - 1 }, { why: 'leave the socket to the child', only: 'parent' }),
      closeRange({ first: FIRST_GIVEN }, { why: 'hold nothing of the caller', only: 'parent' }),
    ],
  });
  return theBirth;
}

/** What tells the equipment of one child from that of another. */
interface Equipment {
  extraFds: number;
  titleAt: number;
}

const messages = new Map<string, Message>();

/** Encoded once for all that have as many descriptors. */
function equipMessage(equipment: Equipment): Message {
  const key = `${equipment.extraFds} ${equipment.titleAt}`;
  const known = messages.get(key);
  if (known) return known;
  const message = messageFor(planEquipment(equipment));
  messages.set(key, message);
  return message;
}

/**
 * As the child holds nothing but its socket, which is 3, what it receives is where it belongs: 0 to 2, and from 4 on. A child
 * that could not take all of it does not read its title either: it comes upon it where a program should be, and ends.
 */
function planEquipment({ extraFds, titleAt }: Equipment): Program {
  const last = extraFds === 0 ? SOCKET - 1 : SOCKET + extraFds;
  const control = output('control', fdControlLength(SOCKET + extraFds));
  const title = titleAt === 0 ? output('title', TITLE_LENGTH) : titleAt;
  return {
    steps: [
      step('recvmsg', [SOCKET, receiveHeader(control), 0], 'take what the child is given'),
      step('fcntl', [last, F.F_GETFD], 'see that all of it has come'),
      step('recvfrom', [SOCKET, title, TITLE_LENGTH, MSG.MSG_WAITALL, null, 0], 'have a title of its own'),
    ],
  };
}

/** Bytes of a title with the NULs behind it: as many as the nursery's own, in whose place it is put. */
const TITLE_LENGTH = 64;

function titleBytes(title: string): Uint8Array {
  const bytes = new Uint8Array(TITLE_LENGTH);
  new TextEncoder().encodeInto(title, bytes.subarray(0, TITLE_LENGTH - 1));
  return bytes;
}

/** Where the arguments of a process begin, which the kernel shows as its command line: proc_pid_stat(5), field 48. */
function titleAddress(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[45]);
  } catch {
    return 0; // it is gone, and whoever waits for a child of it is told
  }
}

function setAction(action: 'default' | 'ignore', purpose: Parameters<typeof step>[2]): Step {
  return step('rt_sigaction', [SIGCHLD, signalAction(action), null, 8], purpose);
}
