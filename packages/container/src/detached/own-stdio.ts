import { fchownSync, fstatSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import type { IdMapping } from '@coracle/namespaces';

/**
 * Gives this process's input and output to the user of a program: one that is not root could not open them anew, as by
 * /dev/stdout, since a pipe or a file belongs to who made it. Devices, such as /dev/null and the terminal of the caller, stay
 * whose they are, and the group as it is.
 * @param uid in the container
 * @param uids how ids are mapped there; `undefined` without a user namespace of its own
 * @see fchown(2)
 */
export function giveStdio(uid: number, uids: readonly IdMapping[] | undefined): void {
  const owner = uids ? hostIdOf(uid, uids) : uid;
  if (owner === undefined) return;
  for (const fd of [0, 1, 2]) {
    try {
      const stats = fstatSync(fd);
      if (stats.uid !== owner && !stats.isCharacterDevice()) fchownSync(fd, owner, stats.gid);
    } catch (error) {
      // Closed, of a file system that has no owners or takes no changes, or not ours to give away: as without this.
      if (!isErrno(error, 'EBADF', 'EINVAL', 'EPERM', 'EROFS')) throw error;
    }
  }
}

function hostIdOf(id: number, mappings: readonly IdMapping[]): number | undefined {
  const found = mappings.find(({ containerId, size }) => id >= containerId && id < containerId + size);
  return found && found.hostId + id - found.containerId;
}
