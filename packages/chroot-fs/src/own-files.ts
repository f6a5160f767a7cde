import { posix } from 'node:path';
import {
  AT,
  close,
  fchdir,
  flags,
  MOUNT_ATTR,
  MOVE_MOUNT,
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
  write,
} from '@coracle/syscalls';
import { attachAbove, createFilesystem, IN_ROOT, takeOff } from './mounts.ts';

/** A file of the container's own in place of one that the root has. */
export interface OwnFile {
  /** What it is known as; each has a name of its own, whatever directory it is in. */
  path: string;
  /** Where in the root the file is that it takes the place of; `path` if absent. */
  place?: string;
  text: string;
}

/** How own files are shown. */
export interface OwnFilesOptions {
  /** Whether they refuse changes; if not, the default, those are lost with the container. */
  readonly?: boolean;
  /** Further options for the file system they lie in, such as `context=LABEL` for SELinux. */
  options?: readonly string[];
  /** Whether the kernel copies mounts that are attached nowhere, see `COPIES_DETACHED`. */
  copiesDetached?: boolean;
}

/** Whatever is at the path by then, the container starts: without its own file where the root's is gone. */
const GONE = ['ENOENT', 'ENOTDIR', 'ELOOP'] as const;
const FILES = resultOf('own files');

/**
 * Steps that show files of the container's own where its root has others, after `enterNewRoot`. They lie in memory and are mounted on
 * those of the root, which stay as they are: nothing is written in it. Where it has no such file nothing is shown.
 * @see open_tree(2), move_mount(2)
 * @example
 * showOwnFiles([{ path: '/etc/hostname', text: 'box\n' }]);
 */
export function showOwnFiles(
  files: readonly OwnFile[],
  { readonly = false, options = [], copiesDetached = false }: OwnFilesOptions = {},
): Step[] {
  if (files.length === 0) return [];
  const why = "have files of the container's own";
  return [
    ...createFilesystem(
      {
        type: 'tmpfs',
        source: 'coracle',
        options: ['nosuid', 'nodev', 'noexec', 'mode=755', ...options],
        result: FILES.of,
      },
      why,
    ),
    ...files.flatMap(({ path, text }) => writeNew(posix.basename(path), text, why)),
    ...(readonly
      ? [
          mountSetattr(
            { mount: FILES, flags: flags(AT, 'AT_EMPTY_PATH'), set: flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY') },
            why,
          ),
        ]
      : []),
    // Before anything is attached to the top of the root, where a link with `..` would find it.
    ...files.map(find),
    ...(copiesDetached ? [] : [attachAbove(FILES.of, why)]),
    ...files.flatMap(show),
    ...(copiesDetached ? [] : [...takeOff(FILES.of, why), fchdir(resultOf('rootfs'), 'stand in the new root')]),
  ];
}

/** Closed again at once: a mount with a file that is open for writing cannot be made read-only (EBUSY). */
function writeNew(name: string, text: string, why: string): Step[] {
  const open = flags(OPEN, 'O_WRONLY', 'O_CLOEXEC');
  return [
    mknodat({ dir: FILES, path: name, mode: S.S_IFREG | 0o644 }, why),
    openat2({ dir: FILES, path: name, flags: open, resolve: IN_ROOT }, { why, result: 'file' }),
    write({ fd: resultOf('file'), data: text }, why),
    close(resultOf('file'), why),
  ];
}

function find({ path, place = path }: OwnFile): Step {
  return openat2(
    { dir: resultOf('rootfs'), path: place, flags: flags(OPEN, 'O_PATH', 'O_CLOEXEC'), resolve: IN_ROOT },
    { why: purposeOf(path), result: `file ${path}`, tolerate: GONE },
  );
}

function show({ path }: OwnFile): Step[] {
  const why = purposeOf(path);
  return [
    openTree(
      { dir: FILES, path: posix.basename(path), flags: flags(OPEN_TREE, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC') },
      { why, result: 'mount' },
    ),
    moveMount(
      {
        from: resultOf('mount'),
        to: resultOf(`file ${path}`),
        flags: flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH'),
      },
      why,
    ),
  ];
}

function purposeOf(path: string): string {
  return `show the container's own ${path}`;
}
