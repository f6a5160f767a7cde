import { CLONE, clone3, close, dup3, flags, OPEN, type Step } from '@coracle/syscalls';
import { flagNames, type NamespaceType } from './namespace-type.ts';

/** What the first process of a container is born with. */
export interface CloneInitOptions {
  /** The kinds of namespace it gets anew; the others it shares with its parent. */
  namespaces: readonly NamespaceType[];
  /** Descriptor of the cgroup v2 directory it starts in (since Linux 5.7); `undefined`: the cgroup of its parent. */
  cgroupFd?: number;
  /** Descriptor of the socket it is to listen on; 4 if absent, where an agent finds the first one it is given. */
  socket?: number;
}

/** Where an agent listens. */
const OWN_SOCKET = 3;
/** The first descriptor an agent is given beside its own. */
const FIRST_GIVEN = 4;

/**
 * Steps for the monitor's agent that make a container's first process, the init, in its new namespaces.
 *
 * One clone3 does it all, so that there is no moment in which the process is half inside. Its pid, as the monitor sees it, is
 * the result `'init'`. The init listens on its own socket, which its parent lets go of: the end of that socket then tells
 * that the init became another program.
 *
 * With a `time` namespace the init is inside at once, and its clocks can no longer be shifted: for offsets leave `time` out
 * here and put {@link timeOffsets} before these steps.
 *
 * Needs CAP_SYS_ADMIN, or a `user` namespace among those asked for.
 * @see clone(2), namespaces(7)
 * @example
 * const agent = Agent.spawn({ fds: [initSocket] });
 * await agent.channel.run({ steps: cloneInit({ namespaces: ['user', 'pid', 'mount'] }) });
 */
export function cloneInit({ namespaces, cgroupFd, socket = FIRST_GIVEN }: CloneInitOptions): Step[] {
  const names = flagNames(namespaces);
  const args =
    cgroupFd === undefined
      ? { flags: flags(CLONE, ...names) }
      : { flags: flags(CLONE, ...names, 'CLONE_INTO_CGROUP'), cgroup: cgroupFd };
  const ownSocket = 'let the container and its monitor listen each on its own socket';
  return [
    clone3(args, { why: `make the first process of the container${list(namespaces)}`, result: 'init' }),
    dup3({ from: socket, to: OWN_SOCKET, flags: flags(OPEN, 'O_CLOEXEC') }, { why: ownSocket, only: 'child' }),
    close(socket, ownSocket),
  ];
}

function list(namespaces: readonly NamespaceType[]): string {
  if (namespaces.length === 0) return '';
  return `, with its own ${namespaces.join(', ')} namespace${namespaces.length === 1 ? '' : 's'}`;
}
