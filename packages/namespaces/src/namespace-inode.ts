import { readlinkSync } from 'node:fs';
import { isErrno, SystemError } from '@coracle/errors';
import { type NamespaceType, namespaceFile } from './namespace-type.ts';

/**
 * The number by which the kernel tells namespaces of one kind apart: two processes share a namespace when theirs are equal.
 *
 * @param pid a process id, or `'self'`
 * @param options `proc` is the mount of proc, `/proc` if absent
 * @returns `undefined` when the kernel was built without this kind of namespace
 * @throws SystemError ESRCH when there is no such process, EACCES when the caller may not look at it (ptrace(2))
 * @see namespaces(7)
 * @example
 * namespaceInode('self', 'mount'); // 4026531832
 */
export function namespaceInode(
  pid: number | 'self',
  type: NamespaceType,
  { proc = '/proc' }: { proc?: string } = {},
): number | undefined {
  const path = `${proc}/${pid}/ns/${namespaceFile(type)}`;
  try {
    const [, inode] = /\[(\d+)\]$/.exec(readlinkSync(path)) ?? [];
    return inode === undefined ? undefined : Number(inode);
  } catch (cause) {
    if (isErrno(cause, 'ENOENT') && processExists(proc, pid)) return undefined;
    const code = isErrno(cause, 'EACCES', 'EPERM') ? 'EACCES' : 'ESRCH';
    throw new SystemError({
      code,
      syscall: 'readlink',
      path,
      hint: code === 'EACCES' ? 'only root and the owner of a process may see its namespaces' : undefined,
      cause,
    });
  }
}

function processExists(proc: string, pid: number | 'self'): boolean {
  try {
    readlinkSync(`${proc}/${pid}/ns/mnt`);
    return true;
  } catch {
    // Every kernel that runs processes has mount namespaces: without the file there is no process to ask about.
    return false;
  }
}
