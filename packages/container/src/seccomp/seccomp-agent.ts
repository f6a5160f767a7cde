import { isErrno, SystemError } from '@coracle/errors';
import { OCI_VERSION, type Seccomp, type State } from '@coracle/oci-spec';
import { connectUnix, sendFds } from '@coracle/syscalls';

/** What a program that answers system calls for containers is told with the listener of a filter. */
interface ContainerProcessState {
  ociVersion: string;
  /** What the descriptors are that come with it, in their order. */
  fds: readonly ['seccompFd'];
  pid: number;
  metadata?: string;
  state: State;
}

/** What is handed over: the listener of a filter, and what has that filter. */
export interface Listener {
  listener: number;
  profile: Seccomp | undefined;
  /** The process that has the filter: the container's first, or one that entered it. */
  pid: number;
  state: Omit<State, 'ociVersion'>;
}

const STEP = 'reach the program that answers the calls the seccomp profile asks about (listenerPath)';

/**
 * Connects to the program at the path.
 * @throws SystemError naming the path, why it cannot be reached, and what helps
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#seccomp
 */
export function connectToAgent(path: string): number {
  try {
    return connectUnix(path);
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    const { code, syscall } = cause;
    throw new SystemError({ code, syscall, path, step: STEP, hint: remedyFor(code), cause });
  }
}

function remedyFor(code: string): string {
  switch (code) {
    case 'ENOENT':
      return 'start that program first: it makes the socket';
    case 'ECONNREFUSED':
      return 'start that program: nobody listens there';
    case 'EACCES':
      return 'you must be allowed to write to the socket and to enter the directories it lies in';
    case 'EAGAIN':
      return 'that program accepts no connections: too many are waiting';
    case 'EPROTOTYPE':
      return 'the socket must be one of streams (SOCK_STREAM)';
    case 'ENAMETOOLONG':
      return 'name it by a path of at most 107 bytes';
    default:
      return 'see connect(2) and unix(7)';
  }
}

/**
 * Sends the listener and what it is of, in one message, as the runtime specification has it ("container process state").
 * @throws SystemError EPIPE when the program hung up, EMSGSIZE when the metadata are too long
 */
export function sendToAgent(socket: number, { listener, profile, pid, state }: Listener): void {
  const { listenerPath: path, listenerMetadata: metadata } = profile ?? {};
  const message: ContainerProcessState = {
    ociVersion: OCI_VERSION,
    fds: ['seccompFd'],
    pid,
    ...(metadata === undefined ? {} : { metadata }),
    state: { ociVersion: OCI_VERSION, ...state },
  };
  try {
    sendFds(socket, [listener], Buffer.from(JSON.stringify(message)));
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    throw new SystemError({
      code: cause.code,
      syscall: 'sendmsg',
      ...(path === undefined ? {} : { path }),
      step: 'hand the listener of the filter to the program that answers (listenerPath)',
      hint: isErrno(cause, 'EPIPE', 'ECONNRESET')
        ? 'that program must keep the connection until it has read from it'
        : 'shorten listenerMetadata of the profile',
      cause,
    });
  }
}
