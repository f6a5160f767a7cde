import { closeFd, MSG, output, readFdMessage, receiveHeader, runLocally, step } from '@coracle/syscalls';

/** Room for one descriptor in a control message. */
const CONTROL_LENGTH = 24;

/**
 * Takes the outer side of a container's terminal out of the socket it was sent through.
 * @returns a descriptor of ours, `undefined` when none was sent
 */
export function receiveTerminal(socket: number): number | undefined {
  const control = output('control', CONTROL_LENGTH);
  const take = step('recvmsg', [socket, receiveHeader(control), MSG.MSG_DONTWAIT | MSG.MSG_CMSG_CLOEXEC], {
    why: "take the container's terminal",
    tolerate: ['EAGAIN'],
  });
  const outcome = runLocally([take]);
  outcome.throwIfFailed();
  if ((outcome.results[0] ?? -1) <= 0) return undefined;
  const [fd, ...more] = readFdMessage(outcome.output('control'));
  for (const extra of more) closeFd(extra);
  return fd;
}
