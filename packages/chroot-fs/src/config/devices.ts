import { posix } from 'node:path';
import {
  AT,
  close,
  deviceNumber,
  type Fd,
  fchownat,
  flags,
  MOUNT_ATTR,
  mknodat,
  mountSetattr,
  OPEN_TREE,
  openTree,
  resultOf,
  S,
  type Step,
  symlinkat,
  unlinkat,
} from '@coracle/syscalls';
import type { DeviceSource } from '../devices.ts';
import { attach, openMountpoint } from '../mounts.ts';

/** A device file to be made. */
export interface DeviceNode {
  /** Absolute, in the container; where nodes are bound, also on the host. */
  path: string;
  /** Character device, block device or named pipe. */
  type: 'c' | 'b' | 'p';
  /** 0 for a pipe. */
  major: number;
  minor: number;
  /** Permission bits, less the umask. */
  mode: number;
  uid: number;
  gid: number;
}

/** The devices that every container has: they hold nothing and reach no hardware. See null(4), full(4), random(4), tty(4). */
export const DEFAULT_DEVICES: readonly DeviceNode[] = (
  [
    ['null', 1, 3],
    ['zero', 1, 5],
    ['full', 1, 7],
    ['random', 1, 8],
    ['urandom', 1, 9],
    ['tty', 5, 0],
  ] as const
).map(([name, major, minor]) => ({ path: `/dev/${name}`, type: 'c', major, minor, mode: 0o666, uid: 0, gid: 0 }));

const TYPES = { c: S.S_IFCHR, b: S.S_IFBLK, p: S.S_IFIFO } as const;

/**
 * Steps that make device files in a root, each in its directory, which is made where it is missing. A file that is there already
 * stays as it is.
 *
 * `'mknod'` needs CAP_MKNOD on the host. `'bind'` shows the host's file of the same path, with its owner and mode, and is what a user
 * namespace allows; nothing can be executed through such a mount, as through crun's. Pipes are made in either case.
 * @param root the top of the root
 * @see mknod(2), makedev(3)
 * @example
 * createDevices(DEFAULT_DEVICES, { root: resultOf('rootfs'), source: 'mknod' });
 */
export function createDevices(
  devices: readonly DeviceNode[],
  { root, source }: { root: Fd; source: DeviceSource },
): Step[] {
  return devices.flatMap((device) =>
    source === 'bind' && device.type !== 'p' ? bind(device.path, root) : make(device, root),
  );
}

function make({ path, type, major, minor, mode, uid, gid }: DeviceNode, root: Fd): Step[] {
  const why = `make ${path}`;
  const name = posix.basename(path);
  const dir = resultOf('target');
  return [
    ...openMountpoint({ root, path: posix.dirname(path), kind: 'directory' }, why),
    mknodat(
      { dir, path: name, mode: TYPES[type] | (mode & 0o7777), device: deviceNumber(major, minor) },
      { why, result: 'node', tolerate: ['EEXIST'] },
    ),
    fchownat({ dir, path: name, uid, gid, flags: flags(AT, 'AT_SYMLINK_NOFOLLOW') }, { why, needs: 'node' }),
    close(dir, why),
  ];
}

function bind(path: string, root: Fd): Step[] {
  const why = `show ${path}`;
  return [
    openTree({ path, flags: flags(OPEN_TREE, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC') }, { why, result: 'mount' }),
    mountSetattr(
      {
        mount: resultOf('mount'),
        flags: flags(AT, 'AT_EMPTY_PATH'),
        set: flags(MOUNT_ATTR, 'MOUNT_ATTR_NOSUID', 'MOUNT_ATTR_NOEXEC'),
      },
      why,
    ),
    ...openMountpoint({ root, path, kind: 'file' }, why),
    attach('mount', why),
    close(resultOf('mount'), why),
    close(resultOf('target'), why),
  ];
}

/**
 * Steps that make the links every /dev has, in a root whose /dev is there. Those that exist stay, but for `ptmx`: it has to lead to
 * the container's own terminals.
 * @param options `core`: also the one to the kernel's memory, where the kernel shows it
 * @example
 * linkDevices({ root: resultOf('rootfs'), core: true });
 */
export function linkDevices({ root, core }: { root: Fd; core: boolean }): Step[] {
  const why = 'make the links in /dev';
  const dir = resultOf('target');
  const link = (target: string, path: string): Step =>
    symlinkat({ target, dir, path }, { why: `make /dev/${path}`, tolerate: ['EEXIST'] });
  return [
    ...openMountpoint({ root, path: '/dev', kind: 'directory' }, why),
    link('/proc/self/fd', 'fd'),
    link('/proc/self/fd/0', 'stdin'),
    link('/proc/self/fd/1', 'stdout'),
    link('/proc/self/fd/2', 'stderr'),
    ...(core ? [link('/proc/kcore', 'core')] : []),
    unlinkat({ dir, path: 'ptmx' }, { why, tolerate: ['ENOENT'] }),
    link('pts/ptmx', 'ptmx'),
    close(dir, why),
  ];
}
