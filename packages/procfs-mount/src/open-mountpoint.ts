import { type Fd, flags, OPEN, openat2, RESOLVE, type Step } from '@coracle/syscalls';

/** Where a mountpoint is looked for. */
export interface MountpointOptions {
  /** Descriptor of the container's root directory. */
  root: Fd;
  /** The path as the container will see it, such as `/proc`. */
  path: string;
  /** Name of the result that is the directory's descriptor; `'mountpoint'` if absent. */
  result?: string;
}

/**
 * Steps that open the directory a proc or sysfs is to be attached to, and refuse everything that is not plainly that: a
 * symbolic link anywhere in the path (ELOOP), a file (ENOTDIR), nothing (ENOENT).
 *
 * An image whose `/proc` is a link makes a runtime mount, label and mask elsewhere, in the worst case on a proc that the
 * image itself made up (CVE-2019-19921, CVE-2023-27561). What is opened here cannot be exchanged afterwards: attach to
 * the descriptor, not to the path. No rights are needed beyond search permission.
 * @see openat2(2) (since Linux 5.6)
 * @example
 * openMountpoint({ root: resultOf('rootfs'), path: '/proc' });
 */
export function openMountpoint({ root, path, result = 'mountpoint' }: MountpointOptions): Step[] {
  return [
    openat2(
      {
        dir: root,
        path,
        flags: flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC'),
        resolve: flags(RESOLVE, 'RESOLVE_IN_ROOT', 'RESOLVE_NO_SYMLINKS', 'RESOLVE_NO_MAGICLINKS'),
      },
      { why: `find the directory ${path} of the container`, result },
    ),
  ];
}
