import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from '@coracle/errors';
import { refuseCallerInside } from './caller-inside.ts';
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
  const found = processes();
  refuseCallerInside(directory, { processes: found, syscall: 'kill' });
  for (let lives = group.isPopulated?.() ?? found.length > 0; lives; lives = isPopulated()) {
    signal?.throwIfAborted();
    try {
      group.killOnce();
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENODEV') || isPopulated()) throw error;
    }
    await sleep(PAUSE_MS);
  }
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

/** So often new processes are looked for at once, before others get a turn. */
const PASSES = 1000;

/**
 * Kills what is listed, and at once what was born meanwhile, until a list has only what was killed already: a process that
 * has got SIGKILL can have no more children. So it wins against a bomb that it cannot stop, where it lists faster than that forks.
 * @throws the error of kill(2), as {@link killEach}
 * @example
 * killAsBorn(() => listProcesses('/sys/fs/cgroup/pids/box'));
 */
export function killAsBorn(processes: () => readonly number[]): void {
  const killed = new Set<number>();
  for (let pass = 0; pass < PASSES; pass++) {
    const born = processes().filter((pid) => !killed.has(pid));
    if (born.length === 0) return;
    killEach(born);
    for (const pid of born) killed.add(pid);
  }
}
