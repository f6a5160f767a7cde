import { readFileSync } from 'node:fs';
import { type MountInfo, parseMountinfo } from '@coracle/mountinfo';
import {
  AT_FDCWD,
  chroot,
  flags,
  MNT,
  MOVE_MOUNT,
  MS,
  mount,
  moveMount,
  resultOf,
  type Step,
  umount2,
} from '@coracle/syscalls';

/** What of the host stays below a root that is not changed with pivot_root(2). */
export interface LeftBelow {
  /** Hooks were shown the new root at its path on the host: it comes back, as who enters the namespace later is to find it on top. */
  isPlaced: boolean;
  /** Where the host has the kernel's own file systems: {@link wholeKernelMounts}. */
  kernelMounts: readonly string[];
}

/**
 * Steps that change the root without pivot_root(2), which cannot leave a ramdisk: the new root lies on top of the old one, and becomes
 * the root of the process alone. Who has CAP_SYS_CHROOT gets out of it.
 *
 * The host's /proc and /sys would stay in the namespace. The kernel lets a user namespace inside mount these anew, with nothing of
 * them hidden, as long as they are whole anywhere: so they are taken off, and covered where they may not be.
 * @see the kernel's filesystems/ramfs-rootfs-initramfs, mount_namespaces(7)
 */
export function withoutPivot(steps: readonly Step[], { isPlaced, kernelMounts }: LeftBelow): Step[] {
  const at = steps.findIndex(({ syscall }) => syscall === 'pivot_root');
  if (at < 0) return [...steps]; // in a mount namespace with others, whose /proc and /sys are not to be touched
  const why = 'make it the root of the container';
  const toTop = moveMount(
    { from: resultOf('rootfs'), to: AT_FDCWD, toPath: '/', flags: flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH') },
    { why, tolerate: ['ELOOP'] }, // it was the host's root, which it has not left
  );
  const change = [
    ...(isPlaced ? [toTop] : []),
    ...kernelMounts.map(takeOff),
    ...kernelMounts.map(cover),
    chroot('.', why),
  ];
  // Behind it the old root is taken off, which is not there then.
  return steps.flatMap((one, index) => (index === at ? change : index === at + 1 ? [] : [one]));
}

/** Locked ones cannot be, in a user namespace (EINVAL); and some were below others. */
function takeOff(path: string): Step {
  const why = `let nothing of ${path} be had again without what is hidden of it`;
  return umount2({ target: path, flags: flags(MNT, 'MNT_DETACH') }, { why, tolerate: ['EINVAL', 'ENOENT'] });
}

function cover(path: string): Step {
  const why = `cover ${path}`;
  return mount(
    { source: 'coracle', target: path, type: 'tmpfs', flags: flags(MS, 'MS_RDONLY') },
    { why, tolerate: ['ENOENT'] },
  );
}

/**
 * Where proc and sysfs are mounted, the last made first, as it may lie above others.
 * @param mounts of the host
 */
export function wholeKernelMounts(
  mounts: readonly MountInfo[] = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')),
): string[] {
  return mounts
    .filter(({ type, root }) => (type === 'proc' || type === 'sysfs') && root === '/')
    .map(({ mountPoint }) => mountPoint)
    .reverse();
}
