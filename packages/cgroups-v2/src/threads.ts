import { dirname } from 'node:path';
import { type DoorOptions, listThreads, readValue, writeValue } from '@coracle/cgroups-core';
import { isErrno, SystemError } from '@coracle/errors';

/** Whether a group takes single threads, and has no processes. */
export function isThreaded(directory: string): boolean {
  return readValue(`${directory}/cgroup.type`) === 'threaded\n';
}

/** Moves the threads of a threaded group, with those below, into the group above. */
export function giveThreadsBack(directory: string, door: DoorOptions): void {
  for (const tid of listThreads(directory, 'cgroup.threads')) {
    try {
      writeValue(`${dirname(directory)}/cgroup.threads`, String(tid), door);
    } catch (error) {
      // It ended meanwhile.
      if (!isErrno(error, 'ESRCH')) throw error;
    }
  }
}

/** Killing is for whole processes, and their other threads may be elsewhere. */
export function onlyThreads(path: string, cause: unknown): SystemError {
  return new SystemError({
    code: 'EOPNOTSUPP',
    syscall: 'kill',
    path,
    text: 'the group has single threads, and only whole processes can be killed',
    hint: 'kill in the group above that has the processes: the one whose cgroup.type is "domain threaded"',
    cause,
  });
}
