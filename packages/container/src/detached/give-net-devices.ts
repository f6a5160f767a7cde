import { isErrno, SystemError } from '@coracle/errors';
import { joinNamespaces } from '@coracle/namespaces';
import { moveNetDevices, type NetDevice, Netlink } from '@coracle/namespaces/net-devices';
import type { NetDevice as Wanted } from '@coracle/oci-spec';
import {
  AF,
  Agent,
  closeFd,
  dup3,
  fdMessage,
  flags,
  MSG,
  OPEN,
  resultOf,
  SOCK,
  socketPair,
  step,
} from '@coracle/syscalls';
import { FDS } from '../plan/descriptors.ts';
import { receiveDescriptor } from '../receive-descriptor.ts';

/** Descriptors of the agent: where it sends the socket, and the container's first process. */
const HANDOVER = 4;
const TARGET = 5;

/** Network devices of the host that a container has been given. */
export interface GivenNetDevices extends Disposable {
  /** Gives them back: for a container that does not come about. */
  giveBack(): void;
}

/**
 * Gives network devices of the host to a container, as `linux.netDevices` asks for them.
 * @param container its first process, by its number and its descriptor
 * @throws SystemError for what the kernel refuses: nothing has been moved then
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#network-devices
 */
export async function giveNetDevices(
  wanted: Readonly<Record<string, Wanted>>,
  { pid, pidfd }: { pid: number; pidfd: number },
): Promise<GivenNetDevices> {
  const devices = Object.entries(wanted).map(([name, { name: newName = name }]): NetDevice => ({ name, newName }));
  const here = Netlink.open();
  let there: Netlink | undefined;
  const close = (): void => {
    here[Symbol.dispose]();
    there?.[Symbol.dispose]();
  };
  try {
    there = new Netlink(await socketInside(pidfd));
    const giveBack = moveNetDevices(devices, { here, there, pid });
    return { giveBack, [Symbol.dispose]: close };
  } catch (error) {
    close();
    if (isErrno(error, 'EPERM') && error instanceof SystemError && error.hint === undefined)
      throw new SystemError({
        code: 'EPERM',
        syscall: 'move network device',
        path: devices.map(({ name }) => name).join(', '),
        text: 'network devices of the host are moved by who has CAP_NET_ADMIN there',
        hint: 'be root, or leave linux.netDevices out',
        cause: error,
      });
    throw error;
  }
}

/** A socket belongs to the network namespace it was made in: an agent enters that of the container, makes it, and hands it out. */
async function socketInside(pidfd: number): Promise<number> {
  const why = "ask the kernel about the container's network devices";
  const [ours, theirs] = socketPair();
  let agent: Agent | undefined;
  try {
    try {
      agent = Agent.spawn({ fds: [theirs, pidfd], title: 'coracle: network devices' });
    } finally {
      closeFd(theirs);
    }
    const outcome = await agent.channel.run({
      steps: [
        ...joinNamespaces({ pidfd: TARGET, namespaces: ['network'] }),
        step('socket', [AF.AF_NETLINK, SOCK.SOCK_DGRAM | SOCK.SOCK_CLOEXEC, 0], { why, result: 'netlink' }),
        dup3({ from: resultOf('netlink'), to: FDS.lateHandover, flags: flags(OPEN, 'O_CLOEXEC') }, why),
        step('sendmsg', [HANDOVER, fdMessage([FDS.lateHandover]), flags(MSG, 'MSG_NOSIGNAL')], why),
      ],
    });
    outcome.throwIfFailed();
    const socket = receiveDescriptor(ours);
    if (socket === undefined)
      throw new SystemError({ code: 'EIO', syscall: 'recvmsg', text: 'no socket was handed over' });
    return socket;
  } finally {
    closeFd(ours);
    agent?.close();
  }
}
