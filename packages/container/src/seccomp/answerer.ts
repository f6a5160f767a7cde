import type { Config } from '@coracle/oci-spec';
import { closeFd } from '@coracle/syscalls';
import { loggedBy } from '../config/config-security.ts';
import { OptionError } from '../options/option-error.ts';
import { type BlockedLog, logBlocked } from './call-log.ts';
import { listen, type SyscallHandler } from './listener.ts';
import { connectToAgent, type Listener, sendToAgent } from './seccomp-agent.ts';

/** Whose listener it is: the process that has the filter, and its container. */
export type Listened = Omit<Listener, 'listener' | 'profile'>;

/**
 * Who answers the system calls that a container's filter asks about: a handler in this process, or another program. The same for
 * the container's first program and for those that enter it later, each of which has a listener of its own.
 */
export class Answerer {
  /** What was refused so far, where the handler is one that counts. */
  readonly blockedCalls: BlockedLog | undefined;
  readonly #profile: NonNullable<Config['linux']>['seccomp'];
  readonly #handler: SyscallHandler | undefined;

  private constructor(config: Config, onSyscall: SyscallHandler | undefined) {
    this.#profile = config.linux?.seccomp;
    const logged = loggedBy(this.#profile);
    const log = logged && logBlocked(logged);
    this.#handler = log?.handler ?? onSyscall;
    this.blockedCalls = log?.log;
  }

  /**
   * @param container `notifies`: its filter asks about some calls
   * @returns `undefined` where nothing is asked
   * @throws {OptionError} for a filter that asks nobody, whose calls would wait for ever; for a handler that nothing asks, and for
   *   one too many
   */
  static of(
    { config, notifies }: { config: Config; notifies: boolean },
    onSyscall: SyscallHandler | undefined,
  ): Answerer | undefined {
    const isLog = loggedBy(config.linux?.seccomp) !== undefined;
    check(config, { asks: notifies && !isLog, isHandled: onSyscall !== undefined });
    return notifies ? new Answerer(config, onSyscall) : undefined;
  }

  /**
   * Reaches who answers: before anything asks, for who cannot be reached is told of then.
   * @throws SystemError as {@link connectToAgent}
   */
  reach(): Reached {
    const path = this.#handler ? undefined : this.#profile?.listenerPath;
    return new Reached(
      { profile: this.#profile, handler: this.#handler },
      path === undefined ? undefined : connectToAgent(path),
    );
  }
}

/** Who answers, at the other end of a connection where it is another program. */
export class Reached implements Disposable {
  readonly #by: { profile: Listener['profile']; handler: SyscallHandler | undefined };
  #socket: number | undefined;

  constructor(by: { profile: Listener['profile']; handler: SyscallHandler | undefined }, socket: number | undefined) {
    this.#by = by;
    this.#socket = socket;
  }

  /**
   * Answers the calls behind a listener, or has them answered; it is taken and closed in the end. A connection is for one listener,
   * and its end tells the other program that there is no more to come.
   * @param onError is told what the handler threw
   * @returns what ends the answering here, where it is done here
   * @throws SystemError as {@link sendToAgent}
   */
  answer(listener: number, whose: Listened, onError: (error: unknown) => void): () => void {
    const { handler, profile } = this.#by;
    if (handler) return listen(listener, handler, onError);
    try {
      if (this.#socket !== undefined) sendToAgent(this.#socket, { listener, profile, ...whose });
    } finally {
      closeFd(listener);
      this[Symbol.dispose]();
    }
    return () => {};
  }

  [Symbol.dispose](): void {
    if (this.#socket !== undefined) closeFd(this.#socket);
    this.#socket = undefined;
  }
}

function check({ linux }: Config, { asks, isHandled }: { asks: boolean; isHandled: boolean }): void {
  const profile = linux?.seccomp;
  const path = profile?.listenerPath;
  if (profile?.listenerMetadata !== undefined && path === undefined)
    throw new OptionError(
      'security.seccomp',
      'the seccomp profile has listenerMetadata, and no listenerPath that they could be sent to',
      'add listenerPath to it, or leave listenerMetadata out',
    );
  if (asks && !isHandled && path === undefined)
    throw new OptionError(
      'onSyscall',
      'the seccomp profile asks a listener about some calls, and there is none',
      'give onSyscall, or listenerPath in the profile, or use another action than SCMP_ACT_NOTIFY',
    );
  if (isHandled && asks && path !== undefined)
    throw new OptionError(
      'onSyscall',
      `the seccomp profile has a listener already, at ${path} (listenerPath)`,
      'leave one of them out',
    );
  if (isHandled && !asks)
    throw new OptionError(
      'onSyscall',
      'the seccomp profile asks about no call',
      'give security.seccomp a profile with rules of SCMP_ACT_NOTIFY',
    );
}
