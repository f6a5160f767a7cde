import {
  AT,
  AT_FDCWD,
  flags,
  MOUNT_ATTR,
  MOVE_MOUNT,
  MS,
  mount,
  mountSetattr,
  moveMount,
  OPEN_TREE,
  openTree,
  resultOf,
  type Step,
} from '@coracle/syscalls';

/** What a path is; `undefined` when there is nothing. */
export type PathKind = 'file' | 'directory' | undefined;

const ON_PATH = flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH');
const GONE = ['ENOENT', 'ENOTDIR'] as const;

/**
 * Steps that hide paths from a container that already stands in its root: a file behind its own /dev/null, a directory
 * behind an empty read-only one. Paths that are not there are passed over.
 * @param kindOf what each path is; the kernel's files are the same on the host, so the host can be asked
 * @example
 * maskPaths(['/proc/kcore', '/sys/firmware'], (path) => statKind(path));
 */
export function maskPaths(paths: readonly string[], kindOf: (path: string) => PathKind): Step[] {
  return paths.flatMap((path) => {
    const why = `hide ${path}`;
    switch (kindOf(path)) {
      case 'file':
        return [
          openTree(
            { path: '/dev/null', flags: flags(OPEN_TREE, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC') },
            { why, result: 'null' },
          ),
          moveMount({ from: resultOf('null'), to: AT_FDCWD, toPath: path, flags: ON_PATH }, { why, tolerate: GONE }),
        ];
      case 'directory':
        return [
          mount(
            {
              source: 'tmpfs',
              target: path,
              type: 'tmpfs',
              flags: flags(MS, 'MS_RDONLY', 'MS_NOSUID', 'MS_NODEV', 'MS_NOEXEC'),
              data: 'size=0k,nr_inodes=2,mode=555',
            },
            { why, tolerate: GONE },
          ),
        ];
      default:
        return [];
    }
  });
}

/**
 * Steps that make paths read-only, with everything mounted below them, in a container that already stands in its root.
 * @example
 * makeReadOnly(['/proc/sys'], (path) => statKind(path));
 */
export function makeReadOnly(paths: readonly string[], kindOf: (path: string) => PathKind): Step[] {
  return paths
    .filter((path) => kindOf(path) !== undefined)
    .flatMap((path) => {
      const why = `forbid changes to ${path}`;
      return [
        openTree(
          { path, flags: flags(OPEN_TREE, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC', 'AT_RECURSIVE') },
          { why, result: 'tree', tolerate: GONE },
        ),
        mountSetattr(
          {
            mount: resultOf('tree'),
            flags: flags(AT, 'AT_EMPTY_PATH', 'AT_RECURSIVE'),
            set: flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY'),
          },
          why,
        ),
        moveMount({ from: resultOf('tree'), to: AT_FDCWD, toPath: path, flags: ON_PATH }, why),
      ];
    });
}
