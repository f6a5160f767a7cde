import { readdirSync, rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno, SystemError } from '@coracle/errors';
import { readValue } from './read-value.ts';

/**
 * The processes in a group and in all groups below it, as this pid namespace numbers them. Those it has no number for are
 * left out: the kernel writes them as 0, and a signal to 0 would hit the caller.
 * @example
 * listProcesses('/sys/fs/cgroup/pids/box'); // [4711]
 */
export function listProcesses(directory: string): number[] {
  const own = (readValue(`${directory}/cgroup.procs`) ?? '')
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
  return [...own, ...childGroups(directory).flatMap(listProcesses)];
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
 * Removes a group with all groups below it. A process that was killed a moment ago still counts; so a busy group is tried
 * again, at growing distances, for five seconds.
 * @throws SystemError EBUSY naming the processes that live there; EACCES, EPERM
 * @example
 * await removeGroup('/sys/fs/cgroup/pids/box');
 */
export async function removeGroup(directory: string): Promise<void> {
  for (const child of childGroups(directory)) await removeGroup(child);
  const deadline = Date.now() + REMOVAL_MS;
  for (let delay = 1; ; delay = Math.min(delay * 2, 100)) {
    try {
      rmdirSync(directory);
      return;
    } catch (cause) {
      if (isErrno(cause, 'ENOENT')) return;
      if (!isErrno(cause, 'EBUSY') || Date.now() > deadline) throw removalError(directory, cause);
    }
    await sleep(delay);
  }
}

function removalError(path: string, cause: unknown): unknown {
  if (!isErrno(cause, 'EBUSY')) return cause;
  const processes = listProcesses(path);
  return new SystemError({
    code: 'EBUSY',
    syscall: 'rmdir',
    path,
    detail: processes.length > 0 ? `processes ${processes.join(', ')}` : undefined,
    hint: 'end its processes first: killAll()',
    cause,
  });
}
