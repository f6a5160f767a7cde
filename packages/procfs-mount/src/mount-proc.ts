import { close, type Fd, flags, MOVE_MOUNT, moveMount, resultOf, type Step } from '@coracle/syscalls';
import { type CreateProcOptions, createProc } from './create-proc.ts';
import { openMountpoint } from './open-mountpoint.ts';

/** Where the proc goes, and how it is made. */
export interface MountProcOptions extends Omit<CreateProcOptions, 'result'> {
  /** Descriptor of the container's root directory. */
  root: Fd;
  /** `/proc` if absent. */
  path?: string;
}

/**
 * Steps that make a proc and attach it to a directory of the container: {@link createProc}, {@link openMountpoint}, and
 * the mount in between by descriptor, so that no path is resolved twice.
 *
 * Needs CAP_SYS_ADMIN in the user namespaces that own the pid namespace and the mount namespace.
 * @see move_mount(2) (since Linux 5.2)
 * @example
 * mountProc({ root: resultOf('rootfs') });
 */
export function mountProc({ root, path = '/proc', ...options }: MountProcOptions): Step[] {
  const why = "make the container's processes visible to ps";
  const [proc, mountpoint] = [resultOf('proc'), resultOf('mountpoint')];
  return [
    ...createProc(options),
    ...openMountpoint({ root, path }),
    moveMount(
      { from: proc, to: mountpoint, flags: flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH') },
      why,
    ),
    close(mountpoint, why),
    close(proc, why),
  ];
}
