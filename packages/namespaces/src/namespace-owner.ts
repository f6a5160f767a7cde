import { readlinkSync } from 'node:fs';
import { close, flags, OPEN, openat, resultOf, runLocally, step } from '@coracle/syscalls';

/** Asks a namespace's file for a descriptor of the user namespace that owns it. */
const NS_GET_USERNS = 0xb701;

/**
 * The user namespace that owns a namespace: who has CAP_SYS_ADMIN there may enter it.
 * @param path of a namespace's file: `/proc/4711/ns/net`, or where it is bound
 * @returns its inode number, or `undefined` where the caller may not know, and for what is no namespace
 * @see ioctl_nsfs(2) NS_GET_USERNS (since Linux 4.9)
 * @example
 * namespaceOwner('/proc/self/ns/net') === namespaceInode('self', 'user');
 */
export function namespaceOwner(path: string): number | undefined {
  const why = 'ask who owns a namespace';
  const outcome = runLocally([
    openat({ path, flags: flags(OPEN, 'O_RDONLY', 'O_CLOEXEC') }, { why, result: 'namespace', tolerate: 'any' }),
    step('ioctl', [resultOf('namespace'), NS_GET_USERNS, 0], { why, result: 'owner', tolerate: 'any' }),
    close(resultOf('namespace'), { why, tolerate: 'any' }),
  ]);
  const owner = outcome.result('owner');
  if (owner === undefined || owner < 0) return undefined;
  try {
    return Number(/\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${owner}`))?.[1]);
  } finally {
    runLocally([close(owner, why)]).throwIfFailed();
  }
}
