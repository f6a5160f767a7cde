import { dup3, POLL, pollFds, resultOf, type Step, step } from '@coracle/syscalls';
import { FDS } from './descriptors.ts';

/**
 * Steps for a parent that will wait for its child or its caller: a descriptor of the child, where {@link waitForEither} looks.
 * @param child the name of the result that is its pid
 */
export function keepPidfd(child: string, why: string): Step[] {
  return [
    step('pidfd_open', [resultOf(child), 0], { why, only: 'parent', result: 'pidfd' }),
    dup3({ from: resultOf('pidfd'), to: FDS.pidfd }, { why, only: 'parent' }),
  ];
}

/** Goes on when the child has ended, or when the caller says so by an end of its messages: by closing the socket, or by dying. */
export function waitForEither(why: string): Step {
  const fds = pollFds([FDS.socket, FDS.pidfd].map((fd) => ({ fd, events: POLL.POLLIN })));
  return step('ppoll', [fds, 2, null, null, 0], { why, only: 'parent' });
}
