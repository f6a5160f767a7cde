import { open } from '@coracle/cgroups';
import { isErrno, SystemError } from '@coracle/errors';
import { within } from '../within.ts';

/** How long it may take until all stand still. */
const PATIENCE_MS = 10_000;

/** Whether the processes of a container's cgroup stand still. */
export function isFrozen(cgroups: readonly string[]): boolean {
  return open(cgroups).eventSource().read()?.frozen ?? false;
}

/**
 * Stops all processes of a container until they are thawed; resolves when they stand still.
 * @throws SystemError EOPNOTSUPP without a group that can be frozen; ETIMEDOUT when a process cannot be stopped: all go on then
 */
export function freeze(cgroups: readonly string[]): Promise<void> {
  return within(
    PATIENCE_MS,
    (signal) => open(cgroups).freeze({ signal }),
    () => doNotStop(cgroups[0]),
  );
}

/** Lets the processes of a container that is to end go on, whether they were stopped or not: what is frozen does not even die. */
export async function letDie(cgroups: readonly string[]): Promise<void> {
  try {
    await open(cgroups).thaw();
  } catch (error) {
    if (!isErrno(error, 'EOPNOTSUPP', 'ENOENT', 'ENODEV')) throw error;
  }
}

function doNotStop(path: string | undefined): SystemError {
  return new SystemError({
    code: 'ETIMEDOUT',
    syscall: 'pause',
    path,
    text: 'its processes do not stop',
    hint: 'one of them may wait for a disk or a network that does not answer',
  });
}
