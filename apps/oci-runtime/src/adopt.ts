import { isErrno } from '@coracle/errors';
import {
  closeFd,
  flags,
  onReady,
  output,
  P,
  PR,
  pidfdOpen,
  pidfdSendSignal,
  prctl,
  readSiginfo,
  runLocally,
  SIGINFO_LENGTH,
  step,
  WAIT,
} from '@coracle/syscalls';

/**
 * Makes this process the one that waits for the end of containers, as engines do: their first process becomes its child when who
 * made it ends.
 * @see prctl(2) PR_SET_CHILD_SUBREAPER
 */
export function adopt(): void {
  runLocally([prctl(flags(PR, 'PR_SET_CHILD_SUBREAPER'), [1], 'wait for the end of the container')]).throwIfFailed();
}

/** Signals that a caller means for the program. */
const FORWARDED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGCONT', 'SIGWINCH'] as const;

/**
 * Waits for the end of a process that this one has taken in, and hands signals on to it meanwhile.
 * @returns its exit code, or 128 and the number of the signal that ended it, as shells have it
 */
export function awaitExit(pid: number): Promise<number> {
  const pidfd = pidfdOpen(pid);
  const hand = (signal: NodeJS.Signals): void => {
    const { constants } = process.getBuiltinModule('node:os');
    try {
      pidfdSendSignal(pidfd, constants.signals[signal]);
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error;
    }
  };
  for (const signal of FORWARDED) process.on(signal, hand);
  return new Promise((resolve, reject) => {
    const stop = onReady(pidfd, 'readable', () => {
      stop();
      for (const signal of FORWARDED) process.off(signal, hand);
      try {
        resolve(bury(pidfd));
      } catch (error) {
        reject(error);
      }
    });
  });
}

function bury(pidfd: number): number {
  const wait = step('waitid', [P.P_PIDFD, pidfd, output('end', SIGINFO_LENGTH), flags(WAIT, 'WEXITED'), null], {
    why: 'learn how it ended',
  });
  const outcome = runLocally({ steps: [wait] });
  closeFd(pidfd);
  outcome.throwIfFailed();
  const end = readSiginfo(outcome.output('end'));
  return 'signal' in end ? 128 + end.signal : end.exitCode;
}
