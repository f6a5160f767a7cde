import { posix } from 'node:path';
import {
  AT,
  AT_FDCWD,
  chdir,
  type Fd,
  fchdir,
  flags,
  type KernelVersion,
  MNT,
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
  resultOf,
  S,
  type Step,
  umount2,
} from '@coracle/syscalls';
import { createFilesystem, IN_ROOT } from './mounts.ts';

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
  /**
   * Whether the kernel copies mounts that are attached nowhere, see {@link COPIES_DETACHED}. If not, the default, what paths are
   * hidden behind is attached for a while; to take it off again, the kernel waits for every processor.
   */
  copiesDetached?: boolean;
}

/** open_tree(2) copies a mount that is attached nowhere since Linux 6.15. */
export const COPIES_DETACHED: KernelVersion = { major: 6, minor: 15 };

const GONE = ['ENOENT', 'ENOTDIR'] as const;
const COPY = ['OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC'] as const;
const ON_PLACE = flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH');

/**
 * Steps that hide paths from a container that stands at the top of its root: a file behind an empty one, a directory
 * behind an empty one, neither of which can be changed. Paths that are not there are passed over.
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
  { mounts = {}, copiesDetached = false }: HideOptions = {},
): Step[] {
  const masks = paths.flatMap((path) => {
    const why = `hide ${path}`;
    const on = (kind: 'file' | 'directory'): Step[] => [
      find({ path, mounts, directory: kind === 'directory' }, why),
      openTree({ dir: resultOf('nothing'), path: kind, flags: flags(OPEN_TREE, ...COPY) }, { why, result: 'mask' }),
    ];
    if (isKernels(path)) {
      const kind = kindOf(path);
      return kind ? [...on(kind), cover('mask', why)] : [];
    }
    // Only a directory is found by the first half; a file cannot go on top of it, and has no need to.
    return [
      ...on('directory'),
      cover('mask', why),
      ...on('file'),
      { ...cover('mask', why), tolerate: ['EINVAL'] as const },
    ];
  });
  if (masks.length === 0) return [];
  return copiesDetached
    ? [...makeNothing(), ...masks]
    : [...makeNothing(), attachNothing(), ...masks, ...leaveNothing()];
}

/** A file system with an empty file and an empty directory. */
function makeNothing(): Step[] {
  const why = 'make something empty to hide paths behind';
  const nothing = resultOf('nothing');
  return [
    ...createFilesystem({ type: 'tmpfs', options: ['nosuid', 'nodev', 'noexec'], result: 'nothing' }, why),
    mkdirat({ dir: nothing, path: 'directory', mode: 0o555 }, why),
    mknodat({ dir: nothing, path: 'file', mode: S.S_IFREG | 0o444 }, why),
    mountSetattr(
      { mount: nothing, flags: flags(AT, 'AT_EMPTY_PATH'), set: flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY') },
      why,
    ),
  ];
}

/** On top of the root, where no path leads, for copies to be made of it. */
function attachNothing(): Step {
  return moveMount(
    { from: resultOf('nothing'), to: AT_FDCWD, toPath: '/', flags: flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH') },
    'have it where it can be copied',
  );
}

function leaveNothing(): Step[] {
  const why = 'let go of what paths are hidden behind';
  return [
    fchdir(resultOf('nothing'), why),
    umount2({ target: '.', flags: flags(MNT, 'MNT_DETACH') }, why),
    chdir('/', why),
  ];
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
        find({ path, mounts, directory: false }, why),
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
        cover('tree', why),
      ];
    });
}

/** The step that opens the path as `'place'`; where there is none, the steps that would use it are passed over. */
function find(
  { path, mounts, directory }: { path: string; mounts: Readonly<Record<string, string>>; directory: boolean },
  why: string,
): Step {
  const plain = posix.normalize(path);
  const [at, name] = Object.entries(mounts).find(([at]) => plain.startsWith(`${at}/`)) ?? ['', undefined];
  const dir: Fd = name === undefined ? AT_FDCWD : resultOf(name);
  const only = directory ? (['O_DIRECTORY'] as const) : [];
  return openat2(
    { dir, path: plain.slice(at.length), flags: flags(OPEN, 'O_PATH', 'O_CLOEXEC', ...only), resolve: IN_ROOT },
    { why, result: 'place', tolerate: GONE },
  );
}

function cover(mount: string, why: string): Step {
  return moveMount({ from: resultOf(mount), to: resultOf('place'), flags: ON_PLACE }, why);
}

function isKernels(path: string): boolean {
  return /^\/(proc|sys)(\/|$)/.test(posix.normalize(path));
}
