import { posix } from 'node:path';
import {
  AT,
  AT_FDCWD,
  chdir,
  deviceNumber,
  type Fd,
  flags,
  type KernelVersion,
  MOUNT_ATTR,
  MOVE_MOUNT,
  mkdirat,
  mknodat,
  mountSetattr,
  moveMount,
  OPEN,
  OPEN_TREE,
  openat2,
  openTree,
  type Purpose,
  resultOf,
  S,
  type Step,
} from '@coracle/syscalls';
import { attachAbove, createFilesystem, IN_ROOT, takeOff } from './mounts.ts';
import { NULL_DEVICE } from './null-device.ts';

/** What a path is; `undefined` when there is nothing. */
export type PathKind = 'file' | 'directory' | undefined;

/** Where paths are looked up. */
export interface HideOptions {
  /**
   * Names of results that hold mounts, by the directory each is attached to: `{ '/proc': 'proc' }`. Paths below it are
   * then looked up in the mount itself, wherever somebody who can write in the root may have moved the directory since
   * (CVE-2019-19921, CVE-2025-52881). By default every path is looked up from the root.
   */
  mounts?: Readonly<Record<string, string>>;
}

/**
 * What files are hidden behind: `'mknod'`, a null device that is made for it; `'held'`, one that `holdNullDevice` has opened; `'none'`,
 * an empty file that cannot be written, where neither can be had.
 */
export type NullDevice = 'mknod' | 'held' | 'none';

/** How paths are hidden. */
export interface MaskOptions extends HideOptions {
  /**
   * Whether the kernel copies mounts that are attached nowhere, see {@link COPIES_DETACHED}. If not, the default, what paths are
   * hidden behind is attached for a while; to take it off again, the kernel waits for every processor.
   */
  copiesDetached?: boolean;
  /** `'mknod'` if absent. */
  nullDevice?: NullDevice;
}

/** open_tree(2) copies a mount that is attached nowhere since Linux 6.15. */
export const COPIES_DETACHED: KernelVersion = { major: 6, minor: 15 };

/** The file system that paths are hidden behind. */
const NOTHING = resultOf('nothing');

const GONE = ['ENOENT', 'ENOTDIR'] as const;
const COPY = ['OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC'] as const;
const ON_PLACE = flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH');

/**
 * Steps that hide paths from a container that stands at the top of its root: a file behind a null device, which swallows what is
 * written, a directory behind an empty one, which cannot be changed. Paths that are not there are passed over.
 *
 * What hides is new and out of reach. It is not the root's /dev/null, which may be somebody else's link to a file of the
 * kernel, for all to write (CVE-2025-31133).
 * @param kindOf what a path of the kernel's file systems /proc and /sys is: they are the same on the host, so the host can
 *   be asked, and what is not there costs no step. It is not asked about other paths: the root has its own
 * @see open_tree(2), move_mount(2) (since Linux 5.2)
 * @example
 * maskPaths(['/proc/kcore', '/sys/firmware'], (path) => statKind(path));
 */
export function maskPaths(
  paths: readonly string[],
  kindOf: (path: string) => PathKind,
  { mounts = {}, copiesDetached = false, nullDevice = 'mknod' }: MaskOptions = {},
): Step[] {
  const wanted = paths.map((path) => ({ path, kind: isKernels(path) ? kindOf(path) : ('unknown' as const) }));
  const files = wanted.filter(({ kind }) => kind === 'file' || kind === 'unknown');
  const directories = wanted.filter(({ kind }) => kind === 'directory' || kind === 'unknown');
  if (files.length === 0 && directories.length === 0) return [];
  const from = nullDevice === 'held' && copiesDetached ? { dir: resultOf('null') } : { dir: NOTHING, path: 'null' };
  const isNode = nullDevice === 'mknod' && files.length > 0;
  const hiddenFiles = files.map(({ path, kind }) => hideFile(path, { from, mounts, isSure: kind === 'file' }));
  const hiddenDirectories = directories.map(({ path }) => hideDirectory(path, mounts));
  return [
    // Before anything is attached to the top of the root, where a link with `..` would find it.
    ...[...hiddenFiles, ...hiddenDirectories].flatMap(({ find }) => find),
    ...makeNothing({ nullDevice, has: { files: files.length > 0, directories: directories.length > 0 } }),
    ...(copiesDetached
      ? []
      : [attachAbove(NOTHING.of, 'have it where it can be copied'), ...(nullDevice === 'held' ? [attachNull()] : [])]),
    ...hiddenFiles.flatMap(({ hide }) => hide),
    ...(isNode && directories.length > 0 ? [forbidDevices()] : []),
    ...hiddenDirectories.flatMap(({ hide }) => hide),
    ...(copiesDetached ? [] : leaveNothing()),
  ];
}

/** How a path is found, and then hidden. */
interface Hidden {
  find: Step[];
  hide: Step[];
}

/** A directory does not let a file be mounted on it, and is hidden as one afterwards. */
function hideFile(
  path: string,
  {
    from,
    mounts,
    isSure,
  }: { from: { dir: Fd; path?: string }; mounts: Readonly<Record<string, string>>; isSure: boolean },
): Hidden {
  const why = `hide ${path}`;
  const isWhole = from.path === undefined ? (['AT_EMPTY_PATH'] as const) : [];
  const copy = openTree({ path: '', ...from, flags: flags(OPEN_TREE, ...COPY, ...isWhole) }, { why, result: 'mask' });
  const { dir, name } = placeOf(path, mounts);
  // Nothing can lead elsewhere between the top of a mount and what is in it, so that one call finds it and covers it.
  if (isSure && dir !== AT_FDCWD && /^\/[^/]+$/.test(name)) {
    const how = flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH');
    const purpose = { why, tolerate: GONE };
    return {
      find: [],
      hide: [copy, moveMount({ from: resultOf('mask'), to: dir, toPath: name.slice(1), flags: how }, purpose)],
    };
  }
  const place = `file ${path}`;
  return {
    find: [find({ path, mounts, directory: false, result: place }, why)],
    hide: [copy, cover('mask', { place }, isSure ? why : { why, tolerate: ['EINVAL'] })],
  };
}

function hideDirectory(path: string, mounts: Readonly<Record<string, string>>): Hidden {
  const why = `hide ${path}`;
  const place = `directory ${path}`;
  return {
    find: [find({ path, mounts, directory: true, result: place }, why)],
    hide: [
      openTree({ dir: NOTHING, path: 'directory', flags: flags(OPEN_TREE, ...COPY) }, { why, result: 'mask' }),
      cover('mask', { place }, why),
    ],
  };
}

/**
 * A file system with an empty directory and a null device, or a place for one. Devices are usable in it as long as there is one: a
 * copy is as its original is when it is made.
 */
function makeNothing({
  nullDevice,
  has,
}: {
  nullDevice: NullDevice;
  has: Record<'files' | 'directories', boolean>;
}): Step[] {
  const why = 'make something to hide paths behind';
  const isNode = nullDevice === 'mknod' && has.files;
  const options = ['nosuid', ...(isNode ? [] : ['nodev']), 'noexec'];
  const node = isNode
    ? { mode: S.S_IFCHR | 0o666, device: deviceNumber(NULL_DEVICE.major, NULL_DEVICE.minor) }
    : { mode: S.S_IFREG | 0o444 };
  return [
    ...createFilesystem({ type: 'tmpfs', options, result: 'nothing' }, why),
    ...(has.directories ? [mkdirat({ dir: NOTHING, path: 'directory', mode: 0o555 }, why)] : []),
    ...(has.files ? [mknodat({ dir: NOTHING, path: 'null', ...node }, why)] : []),
    mountSetattr(
      { mount: NOTHING, flags: flags(AT, 'AT_EMPTY_PATH'), set: flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY') },
      why,
    ),
  ];
}

function forbidDevices(): Step {
  return mountSetattr(
    { mount: NOTHING, flags: flags(AT, 'AT_EMPTY_PATH'), set: flags(MOUNT_ATTR, 'MOUNT_ATTR_NODEV') },
    'have no devices in directories that hide others',
  );
}

/** A null device that is held is attached nowhere: here it can be copied. */
function attachNull(): Step {
  return moveMount(
    { from: resultOf('null'), to: NOTHING, toPath: 'null', flags: flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH') },
    'have the null device where it can be copied',
  );
}

function leaveNothing(): Step[] {
  const why = 'let go of what paths are hidden behind';
  return [...takeOff(NOTHING.of, why), chdir('/', why)];
}

/**
 * Steps that make paths read-only, with everything mounted below them, in a container that stands at the top of its root.
 * Paths that are not there are passed over.
 * @param kindOf as for {@link maskPaths}
 * @see mount_setattr(2) (since Linux 5.12)
 * @example
 * makeReadOnly(['/proc/sys'], (path) => statKind(path));
 */
export function makeReadOnly(
  paths: readonly string[],
  kindOf: (path: string) => PathKind,
  { mounts = {} }: HideOptions = {},
): Step[] {
  return paths
    .filter((path) => !isKernels(path) || kindOf(path) !== undefined)
    .flatMap((path) => {
      const why = `forbid changes to ${path}`;
      return [
        find({ path, mounts, directory: false, result: 'place' }, why),
        openTree(
          { dir: resultOf('place'), path: '', flags: flags(OPEN_TREE, ...COPY, 'AT_EMPTY_PATH', 'AT_RECURSIVE') },
          { why, result: 'tree' },
        ),
        mountSetattr(
          {
            mount: resultOf('tree'),
            flags: flags(AT, 'AT_EMPTY_PATH', 'AT_RECURSIVE'),
            set: flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY'),
          },
          why,
        ),
        cover('tree', { place: 'place' }, why),
      ];
    });
}

/** The step that opens the path; where there is none, the steps that would use it are passed over. */
function find(
  {
    path,
    mounts,
    directory,
    result,
  }: { path: string; mounts: Readonly<Record<string, string>>; directory: boolean; result: string },
  why: string,
): Step {
  const { dir, name } = placeOf(path, mounts);
  const only = directory ? (['O_DIRECTORY'] as const) : [];
  return openat2(
    { dir, path: name, flags: flags(OPEN, 'O_PATH', 'O_CLOEXEC', ...only), resolve: IN_ROOT },
    { why, result, tolerate: GONE },
  );
}

/** The mount that a path is looked up in, and the rest of the path. */
function placeOf(path: string, mounts: Readonly<Record<string, string>>): { dir: Fd; name: string } {
  const plain = posix.normalize(path);
  const [at, mount] = Object.entries(mounts).find(([at]) => plain.startsWith(`${at}/`)) ?? ['', undefined];
  return { dir: mount === undefined ? AT_FDCWD : resultOf(mount), name: plain.slice(at.length) };
}

function cover(mount: string, { place }: { place: string }, purpose: Purpose): Step {
  return moveMount({ from: resultOf(mount), to: resultOf(place), flags: ON_PLACE }, purpose);
}

/** What the host sees there is what the container sees; but for the directories of processes, which are others in each. */
function isKernels(path: string): boolean {
  return /^\/(sys|proc(?!\/(self|thread-self|\d+)(\/|$)))(\/|$)/.test(posix.normalize(path));
}
