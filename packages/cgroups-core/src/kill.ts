import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno, SystemError } from '@coracle/errors';
import type { WaitOptions } from './group.ts';

/** What {@link killUntilEmpty} needs to know of a group. */
export interface Killable {
  /** A directory to name in errors. */
  directory: string;
  /** Those this process has a number for, in the group and below. */
  processes(): number[];
  /** Whether anything lives there; by `processes` if absent. */
  isPopulated?(): boolean;
  /** Sends SIGKILL to all there are now. */
  killOnce(): void;
}

/** Between two looks, in milliseconds: a process that was killed needs a moment to be gone. */
const PAUSE_MS = 2;

/**
 * Kills what lives in a group, again and again until nothing does. A group that is removed meanwhile is empty.
 * @throws SystemError EDEADLK when the caller is in the group, before anything is killed: it would stop or end itself
 * @throws the reason of `signal`
 * @example
 * await killUntilEmpty({ directory, processes: () => listProcesses(directory), killOnce: () => killEach(listProcesses(directory)) });
 */
export async function killUntilEmpty(group: Killable, { signal }: WaitOptions = {}): Promise<void> {
  const { directory, processes, isPopulated = () => processes().length > 0 } = group;
  if (processes().includes(process.pid)) throw callerInside(directory);
  while (isPopulated()) {
    signal?.throwIfAborted();
    try {
      group.killOnce();
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENODEV') || isPopulated()) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

function callerInside(directory: string): SystemError {
  return new SystemError({
    code: 'EDEADLK',
    syscall: 'kill',
    path: directory,
    text: `the calling process ${process.pid} is in the group itself`,
    hint: 'move it out first: write its pid into the cgroup.procs of another group',
  });
}

/**
 * Sends SIGKILL to processes; one that ended by itself is passed over.
 * @throws the error of kill(2): EPERM for somebody else's process
 * @see kill(2)
 * @example
 * killEach(listProcesses('/sys/fs/cgroup/pids/box'));
 */
export function killEach(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error;
    }
  }
}
