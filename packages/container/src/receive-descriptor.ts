import {
  closeFd,
  fdControlLength,
  libc,
  MSG,
  output,
  readFdMessage,
  receiveHeader,
  runLocally,
  step,
} from '@coracle/syscalls';

/**
 * Takes a descriptor that the init sent out of the socket it came through: of the terminal, of the listener.
 * @returns a descriptor of ours, `undefined` when none was sent
 */
export function receiveDescriptor(socket: number): number | undefined {
  const control = output('control', fdControlLength(1));
  const take = step('recvmsg', [socket, receiveHeader(control), MSG.MSG_DONTWAIT | MSG.MSG_CMSG_CLOEXEC], {
    why: 'take what the container hands over',
    tolerate: ['EAGAIN'],
  });
  const outcome = runLocally([take]);
  outcome.throwIfFailed();
  if ((outcome.results[0] ?? -1) <= 0) return undefined;
  const [fd, ...more] = readFdMessage(outcome.output('control'));
  for (const extra of more) closeFd(extra);
  return fd;
}

/**
 * The same, waiting until it has been sent.
 * @returns `undefined` when the other end was closed before
 */
export async function awaitDescriptor(socket: number): Promise<number | undefined> {
  await new Promise<void>((resolve) => {
    const stop = libc().onReadable(socket, () => {
      stop();
      resolve();
    });
  });
  return receiveDescriptor(socket);
}
