import { isErrno, SystemError } from '@coracle/errors';
import {
  closeFd,
  drain,
  hasInput,
  receiveSome,
  sendAll,
  sendFds,
  shutdownWriting,
  whenThereIsRoom,
} from './host-calls.ts';
import { libc } from './libc.ts';
import { AGENT_BUFFER, encode, type Message } from './message.ts';
import { Outcome } from './outcome.ts';
import type { Program } from './step.ts';

/**
 * The other process closed the socket: it has ended, or it has become another program.
 * @example
 * const isGone = (error: unknown) => error instanceof Error && error.name === 'ChannelClosedError';
 */
export class ChannelClosedError extends Error {
  override readonly name = 'ChannelClosedError';
  readonly code = 'ERR_CORACLE_AGENT_GONE';
}

/**
 * A program as an agent of this machine takes it: to be made while there is time, and sent when it is wanted.
 * @throws {TypeError} when the program cannot be encoded, see {@link encode}
 * @example
 * const message = messageFor({ steps: [step('getpid', [], 'learn the process id')] });
 * channel.send(message);
 * const outcome = await channel.report(message);
 */
export function messageFor(program: Program): Message {
  return encode(program, { base: AGENT_BUFFER, arch: libc().arch });
}

/**
 * One end of the socket to an agent: programs go out, reports come back in the same order.
 * @example
 * const [ours, theirs] = socketPair();
 * const agent = Agent.spawn({ fds: [theirs] }); // a process it makes can listen on descriptor 4
 * const channel = new Channel(ours);
 */
export class Channel {
  readonly #fd: number;
  #stopWaiting: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #closed = false;
  /** Settles when the report before is in. */
  #previous: Promise<unknown> = Promise.resolve();

  /** Bytes of reports that nobody asks for, still to come before all others. */
  #owed = 0;

  /** Takes over a connected stream socket; {@link close} closes it. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Says that the report of a message, which comes before those that are asked for, is of no interest. */
  passOver({ report }: Message): void {
    this.#owed += report.length;
  }

  /** Whether a report that is passed over has not come yet. */
  get owesReport(): boolean {
    return this.#owed > 0;
  }

  /**
   * Sends a program without waiting for its report.
   * @throws SystemError EPIPE when the agent is gone or the channel is closed
   * @throws {TypeError} when the program cannot be encoded, see {@link encode}
   */
  post(program: Program): Message {
    const message = messageFor(program);
    this.send(message);
    return message;
  }

  /**
   * Sends what {@link messageFor} made, to be followed by its {@link report}.
   * @throws SystemError EPIPE when the agent is gone or the channel is closed
   */
  send(message: Message): void {
    // The number of a closed descriptor may be somebody else's by now.
    if (this.#closed) throw new SystemError({ code: 'EPIPE', syscall: 'sendto', text: 'the channel is closed' });
    sendAll(this.#fd, message.bytes);
  }

  /** The same to somebody who may be gone, which is then told by the report that does not come. */
  offer(message: Message): void {
    try {
      this.send(message);
    } catch (error) {
      if (!isErrno(error, 'EPIPE')) throw error;
    }
  }

  /**
   * Sends bytes that a running program reads by itself.
   * @throws SystemError EPIPE when the agent is gone
   */
  sendBytes(bytes: Uint8Array): void {
    sendAll(this.#fd, bytes);
  }

  /**
   * Sends descriptors with a byte of their own, for a program that receives them.
   * @throws SystemError EBADF when one is not open, EPIPE when the agent is gone
   */
  sendFds(fds: readonly number[]): void {
    whenThereIsRoom(this.#fd, () => sendFds(this.#fd, fds));
  }

  /**
   * The next report, which must be one of this message. Reports asked for at once come one after the other.
   * @returns `undefined` at the end of the stream: the agent has ended or has executed another program
   */
  report(message: Message): Promise<Outcome | undefined> {
    const report = this.#previous.then(() => this.#receive(message));
    this.#previous = report.catch(() => undefined);
    return report;
  }

  async #receive(message: Message): Promise<Outcome | undefined> {
    const passedOver = this.#owed;
    const bytes = await this.#take(passedOver + message.report.length);
    if (!bytes) return undefined;
    this.#owed -= passedOver;
    return new Outcome(message, bytes.subarray(passedOver));
  }

  /** So many bytes; `undefined` when the stream ends before. */
  async #take(length: number): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      if (this.#closed) return undefined;
      const got = receiveSome(this.#fd, bytes.subarray(filled));
      if (got === 0) return undefined;
      if (got === undefined) await this.#readable();
      else filled += got;
    }
    return bytes;
  }

  /** Resolves when the other process has closed its end. What it still says is not heard. */
  async ended(): Promise<void> {
    while (await this.#take(1));
    this.close();
  }

  /**
   * Sends a program and waits for what came of it, success or failure.
   * @throws {ChannelClosedError} when the agent ends instead of answering
   * @throws SystemError EPIPE when it was gone before
   */
  async run(program: Program): Promise<Outcome> {
    const outcome = await this.report(this.post(program));
    if (!outcome) throw new ChannelClosedError('the agent ended before it had answered');
    return outcome;
  }

  /** Whether a report, or the end, has come that is not read yet. */
  hasNews(): boolean {
    return !this.#closed && hasInput(this.#fd);
  }

  #readable(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#stopWaiting?.();
        this.#stopWaiting = undefined;
        this.#wake = undefined;
        resolve();
      };
      this.#stopWaiting = libc().onReadable(this.#fd, this.#wake);
    });
  }

  /** Tells the other process that nothing more will come; what it says is still heard. */
  finish(): void {
    if (!this.#closed) shutdownWriting(this.#fd);
  }

  /** Tells the other process that this is the end, and waits, blocking, until it has closed its side too. */
  hangUp(): void {
    if (this.#closed) return;
    shutdownWriting(this.#fd);
    drain(this.#fd);
    this.close();
  }

  /** Closes the socket; a report still waited for is then `undefined`. Closing twice is no error. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake?.();
    closeFd(this.#fd);
  }
}
