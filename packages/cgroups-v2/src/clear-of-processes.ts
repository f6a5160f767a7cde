import { basename, dirname } from 'node:path';
import { type FileOperation, processesInTheWay, type ReadFile, readValue } from '@coracle/cgroups-core';
import { SystemError } from '@coracle/errors';

/**
 * Operations that make a group for whole processes, with a look before each that hands controllers down: a group that has
 * processes of its own is not to do so. The kernel refuses memory and disks. What threads can have alone it hands down, but takes
 * the group for the top of a threaded tree then, and no other group below can have a process any more.
 * @throws SystemError EBUSY naming the processes
 * @see cgroups(7), "Cgroups v2 no internal processes rule", "Thread mode"
 * @example
 * runOperations(clearOfProcesses(planCreate({ parent: '/sys/fs/cgroup', name: 'jobs/box' }, { pids: 20 }).create));
 */
export function* clearOfProcesses(
  operations: Iterable<FileOperation>,
  read: ReadFile = readValue,
): Generator<FileOperation> {
  for (const operation of operations) {
    const isHandingDown = operation.kind === 'write' && basename(operation.path) === 'cgroup.subtree_control';
    if (isHandingDown) refuseProcesses(operation, read);
    yield operation;
  }
}

/** The top of the whole tree, which alone may have both, is no group of a type. */
function refuseProcesses({ path, value }: FileOperation & { kind: 'write' }, read: ReadFile): void {
  const directory = dirname(path);
  if (read(`${directory}/cgroup.type`) === undefined || !read(`${directory}/cgroup.procs`)?.trim()) return;
  throw new SystemError({
    code: 'EBUSY',
    syscall: 'write',
    path,
    detail: `value ${JSON.stringify(value)}`,
    ...processesInTheWay(directory, read),
  });
}
