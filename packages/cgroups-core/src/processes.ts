import { readdirSync, rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno, SystemError } from '@coracle/errors';
import type { WaitOptions } from './group.ts';
import { readValue } from './read-value.ts';

/**
 * The processes in a group and in all groups below it, as this pid namespace numbers them. Those it has no number for are
 * left out: the kernel writes them as 0, and a signal to 0 would hit the caller. A threaded group of version 2 lists none; the
 * domain that it is in lists those of all its threads.
 * @example
 * listProcesses('/sys/fs/cgroup/pids/box'); // [4711]
 */
export function listProcesses(directory: string): number[] {
  return [...numbersIn(`${directory}/cgroup.procs`), ...childGroups(directory).flatMap(listProcesses)];
}

/**
 * The threads in a group and in all groups below it, as this pid namespace numbers them.
 * @param file that lists those of one group: `'cgroup.threads'` on version 2, `'tasks'` on version 1
 * @example
 * listThreads('/sys/fs/cgroup/box', 'cgroup.threads'); // [4711, 4712]
 */
export function listThreads(directory: string, file: 'cgroup.threads' | 'tasks'): number[] {
  return [...numbersIn(`${directory}/${file}`), ...childGroups(directory).flatMap((child) => listThreads(child, file))];
}

function numbersIn(path: string): number[] {
  return (readValue(path) ?? '')
    .split('\n')
    .map(Number)
    .filter((id) => id > 0);
}

/**
 * The groups right below a group, none when it is gone.
 * @example
 * childGroups('/sys/fs/cgroup/coracle'); // ['/sys/fs/cgroup/coracle/box']
 */
export function childGroups(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${directory}/${entry.name}`);
  } catch (error) {
    // It was removed meanwhile.
    if (isErrno(error, 'ENOENT', 'ENODEV')) return [];
    throw error;
  }
}

/** How long a group may take to become empty after its last process was killed, in milliseconds. */
const REMOVAL_MS = 5000;

/**
 * Removes a group with all groups below it. A process that was killed a moment ago still counts, and somebody may make groups
 * below meanwhile; so a busy group is tried again, with those below, at growing distances, for five seconds.
 * @param options `signal` ends the waiting before that
 * @throws SystemError EBUSY naming the processes that live there; EACCES, EPERM; the reason of `signal`
 * @example
 * await removeGroup('/sys/fs/cgroup/pids/box');
 */
export async function removeGroup(directory: string, { signal }: WaitOptions = {}): Promise<void> {
  const deadline = Date.now() + REMOVAL_MS;
  for (let delay = 1; ; delay = Math.min(delay * 2, 100)) {
    const cause = removeTree(directory);
    if (cause === undefined) return;
    if (!isErrno(cause, 'EBUSY') || Date.now() > deadline) throw removalError(directory, cause);
    signal?.throwIfAborted();
    await sleep(delay);
  }
}

/** The first that could not be removed keeps those above; what stands beside it goes all the same. */
function removeTree(directory: string): unknown {
  const cause = removeOne(directory);
  // The first is what the kernel says of groups, the second of all other directories.
  if (!isErrno(cause, 'EBUSY', 'ENOTEMPTY')) return cause;
  const below = childGroups(directory);
  const [failure] = below.flatMap((child) => removeTree(child) ?? []);
  return failure ?? (below.length === 0 ? cause : removeOne(directory));
}

function removeOne(directory: string): unknown {
  try {
    rmdirSync(directory);
    return undefined;
  } catch (cause) {
    return isErrno(cause, 'ENOENT') ? undefined : cause;
  }
}

function removalError(path: string, cause: unknown): unknown {
  if (!isErrno(cause, 'EBUSY')) return cause;
  const processes = listProcesses(path);
  const threads = processes.length === 0 ? listThreads(path, 'cgroup.threads') : [];
  const who = processes.length > 0 ? `processes ${processes.join(', ')}` : `threads ${threads.join(', ')}`;
  return new SystemError({
    code: 'EBUSY',
    syscall: 'rmdir',
    path,
    detail: processes.length + threads.length > 0 ? who : undefined,
    hint: 'end its processes first: killAll()',
    cause,
  });
}
