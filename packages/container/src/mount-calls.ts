import { readFileSync } from 'node:fs';
import {
  COPIES_DETACHED,
  hostTree,
  isMountCall,
  type MountCall,
  OlderCalls,
  type PathKind,
  refusedMountCalls,
} from '@coracle/chroot-fs';
import { isErrno } from '@coracle/errors';
import { parseMountinfo } from '@coracle/mountinfo';
import { isAtLeast, type KernelVersion, kernelRelease, kernelVersion } from '@coracle/syscalls';

/** How the mounts of a container were made: by descriptor, or with mount(2), where the newer calls are not to be had. */
export type MountCalls = 'descriptor' | 'path';

/** From here on who is root in a user namespace only can mount an overlay. */
const OVERLAYS_FOR_USERS: KernelVersion = { major: 5, minor: 11 };

/**
 * Why an overlay cannot be mounted in a user namespace, where the kernel is too old for it.
 * @param release of the kernel, of which one that begins with no version tells nothing; this one's if absent
 */
export function whyNoOverlay(release: string = kernelRelease()): string | undefined {
  if (!/^\d+\.\d/.test(release) || isAtLeast(kernelVersion(release), OVERLAYS_FOR_USERS)) return undefined;
  return `in a user namespace it takes Linux 5.11, and this is ${release}`;
}

/** With mount_setattr(2), the latest of the calls that make mounts by descriptor. */
export const MOUNTS_BY_DESCRIPTOR: KernelVersion = { major: 5, minor: 12 };

/** What was refused in the life of this process. Nothing is asked before a container has failed for it: most kernels have all. */
let refused: readonly MountCall[] = [];

/**
 * Makes something that uses the mount calls; when the kernel, or a filter of system calls, refuses them, makes it anew with the older
 * ones. All further containers of this process are made with those at once.
 */
export async function withMountCalls<Made>(make: () => Promise<Made>): Promise<Made> {
  const isOlder = refused.length > 0;
  try {
    return await make();
  } catch (error) {
    if (isOlder || !isRefusal(error)) throw error;
    // Another that began at the same time may have asked meanwhile.
    if (refused.length === 0 && !lookForMountCalls()) throw error;
    return await make();
  }
}

/** EPERM may have other causes; those who are asked next know. */
function isRefusal(error: unknown): boolean {
  const syscall = typeof error === 'object' && error !== null && 'syscall' in error ? error.syscall : undefined;
  return isMountCall(syscall) && isErrno(error, 'ENOSYS', 'EPERM');
}

let kernelDetaches: boolean | undefined;

/** Whether mounts can be copied from, and attached to, what is attached nowhere: with the newer calls, by a kernel that does it. */
export function canDetach(): boolean {
  kernelDetaches ??= isAtLeast(kernelVersion(kernelRelease()), COPIES_DETACHED);
  return kernelDetaches && refused.length === 0;
}

/** Asks which of the mount calls are not to be had; says whether there are any. */
export function lookForMountCalls(): boolean {
  refused = refusedMountCalls();
  return refused.length > 0;
}

/** What translates a container's steps into the older calls; `undefined` as long as the newer ones were not refused. */
export function olderCalls({ kindOf }: { kindOf: (path: string) => PathKind }): OlderCalls | undefined {
  if (refused.length === 0) return undefined;
  const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
  return new OlderCalls({ treeOf: (path) => hostTree(path, mounts), kindOf, reason: whyOlder() });
}

/** Why the older calls are used, in words that continue "mount_setattr, which ...". */
export function whyOlder(): string {
  const release = kernelRelease();
  return isAtLeast(kernelVersion(release), MOUNTS_BY_DESCRIPTOR)
    ? 'a filter of system calls around this process refuses'
    : `Linux ${release} does not have`;
}
