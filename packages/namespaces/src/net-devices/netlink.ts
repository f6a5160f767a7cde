import { errnoName, SystemError } from '@coracle/errors';
import { AF, closeFd, output, runLocally, SOCK, step } from '@coracle/syscalls';
import { encodeRequest, NLM_F, NLMSG, parseReplies, type Reply, type Request } from './message.ts';

/** As much as the kernel sends in one piece of a list. */
const PIECE_LENGTH = 32_768;

/**
 * A socket to the part of the kernel that has the network devices and addresses of one network namespace: that in which the socket
 * was made, whoever uses it.
 * @see netlink(7), rtnetlink(7)
 * @example
 * using here = Netlink.open();
 */
export class Netlink implements Disposable {
  readonly #fd: number;
  #sequence = 0;

  /**
   * Takes over a socket, which may have been made by a process in another namespace.
   * @param fd of a socket of AF_NETLINK and NETLINK_ROUTE
   */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * A socket to the network namespace of this thread.
   * @throws SystemError for a kernel without rtnetlink
   */
  static open(): Netlink {
    const why = 'ask the kernel about network devices';
    const outcome = runLocally([
      step('socket', [AF.AF_NETLINK, SOCK.SOCK_DGRAM | SOCK.SOCK_CLOEXEC, 0], { why, result: 'netlink' }),
    ]);
    outcome.throwIfFailed();
    return new Netlink(outcome.result('netlink') ?? -1);
  }

  /**
   * Makes a request, and waits for the kernel to have done it or to have told all.
   * @param about what the error names: the call in words, and on what
   * @throws SystemError with the errno that the kernel answers
   */
  ask(request: Request, about: { call: string; subject: string; detail?: string }): Reply[] {
    const sequence = ++this.#sequence;
    this.#send(encodeRequest({ ...request, flags: request.flags | NLM_F.NLM_F_REQUEST }, sequence));
    const isList = (request.flags & NLM_F.NLM_F_DUMP) === NLM_F.NLM_F_DUMP;
    const wantsDone = isList || (request.flags & NLM_F.NLM_F_ACK) !== 0;
    const replies: Reply[] = [];
    for (;;) {
      for (const reply of parseReplies(this.#receive(), sequence)) {
        if (reply.type === NLMSG.NLMSG_DONE) return replies;
        if (reply.type === NLMSG.NLMSG_ERROR) {
          const errno = -new DataView(reply.body.buffer, reply.body.byteOffset).getInt32(0, true);
          if (errno === 0) return replies;
          const { call, subject, detail } = about;
          throw new SystemError({ code: errnoName(errno) ?? 'EIO', syscall: call, path: subject, detail });
        }
        replies.push(reply);
      }
      if (!wantsDone && replies.length > 0) return replies;
    }
  }

  #send(bytes: Uint8Array): void {
    runLocally([
      step('sendto', [this.#fd, bytes, bytes.length, 0, null, 0], { why: 'ask the kernel about network devices' }),
    ]).throwIfFailed();
  }

  /** The kernel answers in the call that asks: there is nothing to wait for. */
  #receive(): Uint8Array {
    const outcome = runLocally([
      step('recvfrom', [this.#fd, output('reply', PIECE_LENGTH), PIECE_LENGTH, 0, null, null], {
        why: 'hear what the kernel answers about network devices',
      }),
    ]);
    outcome.throwIfFailed();
    return outcome.output('reply').subarray(0, outcome.results[0] ?? 0);
  }

  /** Closes the socket. */
  [Symbol.dispose](): void {
    closeFd(this.#fd);
  }
}
