import { closeSync, openSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import type { IdMaps } from '@coracle/namespaces';
import { closeFd, type Outcome, runLocally, SyscallError, sendFds } from '@coracle/syscalls';
import { openMappedNamespace } from './mapped-namespace.ts';
import { copyIdmapped, type IdmappedTree } from './plan-idmapped.ts';
import { isSystemDirectory } from './system-directories.ts';

/** Whom the copies are for. */
export interface Receiver {
  /** A process of the container, whose maps are written. */
  pid: number;
  /** Those maps; `undefined` without a user namespace, or where it was there before. */
  idMaps: IdMaps | undefined;
  /** Our end of the socket that the init takes them from. */
  socket: number;
}

/**
 * Copies trees with the ids of a container and sends the copies to its init. They are attached nowhere: with the last
 * descriptor of one it is gone, whoever is killed.
 * @throws SystemError when the kernel cannot map the ids, with the remedy
 */
export async function giveIdmapped(trees: readonly IdmappedTree[], { pid, idMaps, socket }: Receiver): Promise<void> {
  for (const tree of trees) {
    const userns = tree.idMaps ? await openMappedNamespace(tree.idMaps) : openSync(`/proc/${pid}/ns/user`, 'r');
    try {
      give(tree, { userns, idMaps: tree.idMaps ?? idMaps, socket });
    } finally {
      closeSync(userns);
    }
  }
}

function give(
  tree: IdmappedTree,
  { userns, idMaps, socket }: { userns: number; idMaps: IdMaps | undefined; socket: number },
): void {
  const outcome = runLocally(copyIdmapped([tree], userns));
  const mount = outcome.result(tree.result);
  try {
    if (outcome.failure) throw refusal(outcome.failure, { tree, idMaps });
    if (mount !== undefined) send(socket, mount);
  } finally {
    if (mount !== undefined) closeFd(mount);
  }
}

/** An init that is gone needs no mounts; its end is told by others. */
function send(socket: number, fd: number): void {
  try {
    sendFds(socket, [fd]);
  } catch (error) {
    if (!isErrno(error, 'EPIPE', 'ECONNRESET')) throw error;
  }
}

function refusal(
  { step, errno }: NonNullable<Outcome['failure']>,
  { tree, idMaps }: { tree: IdmappedTree; idMaps: IdMaps | undefined },
): SyscallError {
  const error = new SyscallError(step, errno);
  if (step.syscall !== 'mount_setattr') return error;
  return new SyscallError(step, errno, { text: reason(error), hint: remedy(tree, idMaps ?? { uids: [], gids: [] }) });
}

/** The errnos say little here: EINVAL has a dozen meanings. */
function reason(error: SyscallError): string | undefined {
  if (isErrno(error, 'ENOSYS')) return 'mapping ids of files needs Linux 5.12';
  if (isErrno(error, 'EPERM')) return 'the ids there are mapped already, or it was mounted in another user namespace';
  if (isErrno(error, 'EINVAL'))
    return 'its file system, or one mounted below it, cannot map ids in this kernel (overlays and most network file systems cannot)';
  return undefined;
}

function remedy({ source, result }: IdmappedTree, { uids, gids }: Pick<IdMaps, 'uids' | 'gids'>): string {
  // To give the whole host away would be a remedy that kills.
  if (!result.startsWith('mount') && isSystemDirectory(source))
    return 'use a directory of its own as root, such as an unpacked image, or run without --userns';
  const owner = `${uids[0]?.hostId ?? 0}:${gids[0]?.hostId ?? 0}`;
  return result.startsWith('mount')
    ? 'leave idmap out, or put the volume on another file system'
    : `give the tree to the container's root (sudo chown -R ${owner} ${source}), put it on another file system, or run without --userns`;
}
