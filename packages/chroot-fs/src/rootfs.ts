import {
  AT,
  AT_FDCWD,
  chdir,
  chroot,
  dup3,
  type Fd,
  fchdir,
  flags,
  MNT,
  MOUNT_ATTR,
  MOVE_MOUNT,
  MS,
  mkdirat,
  mount,
  mountSetattr,
  moveMount,
  OPEN,
  openat,
  openat2,
  pivotRoot,
  RESOLVE,
  resultOf,
  type Step,
  umount2,
} from '@coracle/syscalls';
import { parseMountOptions } from './mount-options.ts';
import { cloneTree, createFilesystem } from './mounts.ts';

/**
 * Where a container's root comes from. A directory whose ids are mapped is copied by somebody else, since the container
 * cannot: an earlier step has the copy as its result, see {@link idmappedCopyOf}.
 */
export type RootSource =
  /** A directory of the host, used as it is: changes stay. */
  | { kind: 'bind'; path: string; idmapped?: boolean }
  /**
   * A directory of the host below a layer in memory that takes all changes and is gone at the end. In a user namespace
   * since Linux 5.11.
   */
  | { kind: 'overlay'; path: string; inUserNamespace: boolean; idmapped?: boolean }
  /** An empty root in memory. */
  | { kind: 'tmpfs' };

/** Descriptors, fixed so that they can stand in paths, of the two directories an overlay is made of. */
const OVERLAY_FDS = { lower: 60, scratch: 61 } as const;

/**
 * What a root with mapped ids needs of an earlier step: the name of its result, and which copy that is.
 * @returns `undefined` for a root that needs none
 * @example
 * idmappedCopyOf({ kind: 'bind', path: './rootfs', idmapped: true }); // { result: 'rootfs', source: './rootfs', ... }
 */
export function idmappedCopyOf(
  root: RootSource,
): Required<Omit<Parameters<typeof cloneTree>[0], 'usernsFd'>> | undefined {
  if (root.kind === 'tmpfs' || !root.idmapped) return undefined;
  // A layer of an overlay is one mount: what is mounted below it is not seen anyway.
  return root.kind === 'bind'
    ? { source: root.path, options: parseMountOptions(['rbind', 'ridmap']), result: 'rootfs' }
    : { source: root.path, options: parseMountOptions(['bind', 'idmap']), result: 'lower' };
}

/**
 * The step that keeps every later mount inside this mount namespace.
 * @see mount_namespaces(7)
 * @example
 * runLocally([unshare(namespaceFlags(['mount']), "leave the host's mounts"), keepMountsPrivate()]);
 */
export function keepMountsPrivate(): Step {
  return mount(
    { source: null, target: '/', flags: flags(MS, 'MS_REC', 'MS_PRIVATE') },
    'keep every mount of the container to itself',
  );
}

/**
 * Steps that make the new root and stand in it; it is the result `'rootfs'`, and the host's files are still reachable by path.
 *
 * For a process with a mount namespace of its own, after {@link keepMountsPrivate}. The top of an overlay has mode 755, less
 * the umask. Descriptors 60 and 61 are used for it.
 * @param options further ones for each file system that is made for it, such as `context=LABEL` for SELinux
 * @see open_tree(2), move_mount(2), overlayfs in the kernel's documentation
 * @example
 * enterNewRoot({ kind: 'bind', path: './rootfs' });
 */
export function enterNewRoot(source: RootSource, options: readonly string[] = []): Step[] {
  const why = `stand in the new root`;
  return [
    ...makeRoot(source, options),
    // On top of the old root: paths still start below it, in the old root, until pivot_root.
    moveMount(
      { from: resultOf('rootfs'), to: AT_FDCWD, toPath: '/', flags: flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH') },
      why,
    ),
    fchdir(resultOf('rootfs'), why),
  ];
}

/**
 * Steps that make the new root and stand in it, attached nowhere; it is the result `'rootfs'`. For a process in a mount namespace that
 * others are in as well: nobody there sees the container's mounts, and they go with the last who stands in them.
 *
 * Mounts are attached to what is attached nowhere since Linux 6.15. When the result is closed they stay as they are: none can be added by
 * path, and /proc/self/mountinfo lists none of them.
 * @see open_tree(2), move_mount(2)
 * @example
 * [...enterDetachedRoot({ kind: 'bind', path: './rootfs' }), ...leaveForDetachedRoot()];
 */
export function enterDetachedRoot(source: Exclude<RootSource, { kind: 'overlay' }>): Step[] {
  return [...makeRoot(source, []), fchdir(resultOf('rootfs'), 'stand in the new root')];
}

/**
 * Steps that make what {@link enterDetachedRoot} made the root of this process alone. There is nothing above it: `..` leads nowhere from
 * its top, not even for those who may chroot(2).
 * @see chroot(2)
 * @example
 * leaveForDetachedRoot();
 */
export function leaveForDetachedRoot(): Step[] {
  return [
    fchdir(resultOf('rootfs'), 'stand in the new root'),
    chroot('.', 'make it the root of the container'),
    chdir('/', 'start at the root'),
  ];
}

function makeRoot(source: RootSource, options: readonly string[]): Step[] {
  switch (source.kind) {
    case 'bind':
      if (source.idmapped) return [];
      return cloneTree(
        { source: source.path, options: parseMountOptions(['rbind']), result: 'rootfs' },
        `use the directory ${source.path} as root`,
      );
    case 'tmpfs':
      return createFilesystem(
        { type: 'tmpfs', source: 'coracle', options: ['mode=755', ...options], result: 'rootfs' },
        'make an empty root in memory',
      );
    case 'overlay':
      return overlayRoot(source, options);
  }
}

/**
 * The layer that takes the changes must be attached while the overlay is made. It is taken off again then: between the
 * old root and the new one it would be what {@link leaveOldRoot} lets go of, and the host would stay behind `/..`.
 */
function overlayRoot(
  { path, inUserNamespace, idmapped = false }: Extract<RootSource, { kind: 'overlay' }>,
  options: readonly string[],
): Step[] {
  const why = `lay a layer for changes over ${path}`;
  const directory = flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC');
  const scratch = resultOf('scratch');
  const lower = resultOf('lower');
  const byFd = (fd: number, below = ''): string => `/proc/self/fd/${fd}${below}`;
  const onTop = (mount: Fd): Step =>
    moveMount({ from: mount, to: AT_FDCWD, toPath: '/', flags: flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH') }, why);
  const takeOff = (mount: Fd): Step[] => [
    fchdir(mount, why),
    umount2({ target: '.', flags: flags(MNT, 'MNT_DETACH') }, why),
  ];
  return [
    // A layer must be attached as well.
    ...(idmapped ? [onTop(lower)] : []),
    ...createFilesystem(
      { type: 'tmpfs', source: 'coracle', options: ['mode=755', ...options], result: 'scratch' },
      why,
    ),
    onTop(scratch),
    mkdirat({ dir: scratch, path: 'upper' }, why),
    mkdirat({ dir: scratch, path: 'work' }, why),
    ...(idmapped ? [] : [openat({ path, flags: directory }, { why, result: 'lower' })]),
    dup3({ from: lower, to: OVERLAY_FDS.lower, flags: flags(OPEN, 'O_CLOEXEC') }, why),
    dup3({ from: scratch, to: OVERLAY_FDS.scratch, flags: flags(OPEN, 'O_CLOEXEC') }, why),
    ...createFilesystem(
      {
        type: 'overlay',
        options: [
          `lowerdir=${byFd(OVERLAY_FDS.lower)}`,
          `upperdir=${byFd(OVERLAY_FDS.scratch, '/upper')}`,
          `workdir=${byFd(OVERLAY_FDS.scratch, '/work')}`,
          ...(inUserNamespace ? ['userxattr'] : []),
          ...options,
        ],
        result: 'rootfs',
      },
      why,
    ),
    ...takeOff(scratch),
    ...(idmapped ? takeOff(lower) : []),
  ];
}

/**
 * Steps that make the working directory the root and leave nothing of the old one.
 *
 * With both arguments `"."` the old root ends up on top of the new one, from where it is taken off: no directory for it
 * is needed. Ends at the top of the root, and fails with EXDEV if there is anything above it.
 * @see pivot_root(2), "pivot_root(".", ".")"
 * @example
 * [...enterNewRoot({ kind: 'bind', path: './rootfs' }), ...leaveOldRoot()];
 */
export function leaveOldRoot(): Step[] {
  return [
    fchdir(resultOf('rootfs'), 'stand in the new root'),
    pivotRoot({ newRoot: '.', putOld: '.' }, 'make it the root of everything'),
    umount2({ target: '.', flags: flags(MNT, 'MNT_DETACH') }, "let go of the host's files"),
    chdir('/', 'start at the root'),
    // EXDEV if another mount is on top of the root, where `..` would find it.
    openat2(
      { path: '..', flags: flags(OPEN, 'O_PATH', 'O_CLOEXEC'), resolve: flags(RESOLVE, 'RESOLVE_NO_XDEV') },
      'make sure that nothing of the host is left',
    ),
  ];
}

/**
 * Steps that change the root the simple way, as the exercise does. A process with CAP_SYS_CHROOT gets out of it again:
 * real containers use {@link leaveOldRoot}.
 * @see chroot(2)
 * @example
 * runLocally(changeRoot('./rootfs')).throwIfFailed();
 */
export function changeRoot(path: string): Step[] {
  return [chroot(path, `see only the files below ${path}`), chdir('/', 'start at the root')];
}

/**
 * The step that makes the root read-only, but not what is mounted on it.
 * @example
 * [...leaveOldRoot(), makeRootReadOnly()];
 */
export function makeRootReadOnly(): Step {
  return mountSetattr(
    { mount: AT_FDCWD, path: '/', flags: flags(AT), set: flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY') },
    'forbid changes to the root',
  );
}
