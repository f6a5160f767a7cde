import {
  AT,
  AT_FDCWD,
  type Fd,
  type Flags,
  FSCONFIG,
  fchdir,
  flags,
  fsconfig,
  fsmount,
  fsopen,
  MNT,
  MOUNT_ATTR,
  MOVE_MOUNT,
  MS,
  mkdirat,
  mknodat,
  mountSetattr,
  moveMount,
  OPEN,
  OPEN_TREE,
  openat2,
  openTree,
  type Purpose,
  RESOLVE,
  resultOf,
  S,
  type Step,
  umount2,
} from '@coracle/syscalls';
import { type MountOptions, parseMountOptions } from './mount-options.ts';

/**
 * How every path inside a root is resolved: the kernel keeps it inside, whatever symbolic links stand in the way, and
 * refuses links that lead out of all paths, such as /proc/self/fd/3, with ELOOP.
 * @see openat2(2) (since Linux 5.6)
 * @example
 * openat2({ dir: resultOf('rootfs'), path: '/etc/passwd', flags: flags(OPEN, 'O_PATH'), resolve: IN_ROOT }, 'find it');
 */
export const IN_ROOT: Flags = flags(RESOLVE, 'RESOLVE_IN_ROOT', 'RESOLVE_NO_MAGICLINKS');
const WITHOUT_LINKS = flags(RESOLVE, 'RESOLVE_IN_ROOT', 'RESOLVE_NO_SYMLINKS', 'RESOLVE_NO_MAGICLINKS');

/** What making a mountpoint may answer without harm: it exists, or the root cannot be written and it must exist. */
const MAY_EXIST = ['EEXIST', 'EROFS', 'EACCES', 'EPERM'] as const;

const ATTACH = flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH');
const WHOLE_MOUNT = flags(AT, 'AT_EMPTY_PATH');
const WHOLE_TREE = flags(AT, 'AT_EMPTY_PATH', 'AT_RECURSIVE');

/** A new file system of a type, not attached anywhere yet. */
export interface NewFilesystem {
  /** As in /proc/filesystems: `'tmpfs'`, `'devpts'`, `'mqueue'` ... */
  type: string;
  /** What mountinfo shows as its source; the type if absent. */
  source?: string | undefined;
  /** As mount(8) writes them; an option that is no attribute of a mount is the file system's own, of at most 255 bytes. */
  options?: readonly string[] | undefined;
  /** Whether the file system itself is read-only, as on a device that cannot be written; `ro` alone is about the mount. */
  readonly?: boolean;
  /** Name of the result that is the mount's descriptor; `'mount'` if absent. */
  result?: string;
}

/**
 * Steps that make a file system; its mount, still detached, is the result `'mount'`.
 *
 * The kernel refuses an option that it does not know with EINVAL; a step tells which.
 * @param why continues "could not ..."
 * @see fsopen(2) (since Linux 5.2)
 * @example
 * createFilesystem({ type: 'tmpfs', options: ['nosuid', 'size=64m'] }, 'give the container a /tmp of its own');
 */
export function createFilesystem(
  { type, source = type, options = [], readonly = false, result = 'mount' }: NewFilesystem,
  why: string,
): Step[] {
  const { set, top, data } = parseMountOptions(options);
  const fs = resultOf('fs');
  const command = (name: keyof typeof FSCONFIG): Flags => flags(FSCONFIG, name);
  return [
    fsopen(type, { why, result: 'fs' }),
    fsconfig({ fs, command: command('FSCONFIG_SET_STRING'), key: 'source', value: source }, why),
    ...data.map(([key, value]) =>
      fsconfig(
        {
          fs,
          command: command(value === undefined ? 'FSCONFIG_SET_FLAG' : 'FSCONFIG_SET_STRING'),
          key,
          value: value ?? null,
        },
        why,
      ),
    ),
    ...(readonly ? [fsconfig({ fs, command: command('FSCONFIG_SET_FLAG'), key: 'ro' }, why)] : []),
    fsconfig({ fs, command: command('FSCONFIG_CMD_CREATE') }, why),
    fsmount({ fs, attributes: top.value === 0 ? set : both(set, top) }, { why, result }),
  ];
}

function both(one: Flags, other: Flags): Flags {
  const text = one.value === 0 ? other.text : `${one.text}|${other.text}`;
  return { kind: 'flags', value: Number(one.value) | Number(other.value), text };
}

/**
 * Steps that copy the mount of a host path (with the mounts below it, unless `bind` is `'bind'`); the copy, still
 * detached and with the wanted attributes, is the result `'mount'`.
 *
 * It is private to the container if `keepMountsPrivate` goes before. Other propagation is of the whole tree; to hold
 * towards the host, the copy has to be made before `keepMountsPrivate`, which does not touch it then: a copy is a peer of
 * what it was made from, which `shared` leaves it and `slave` makes a mere receiver. In a user namespace the kernel refuses
 * a copy of one mount alone (EINVAL) where others are mounted below it: they may hide something.
 *
 * With a user namespace the files of the copy have ids as that namespace sees them: what belongs to 0 on disk belongs to its
 * root, and what its root makes belongs to 0 on disk. Of the mounts below as well if the options say `ridmap`. The process
 * that takes the steps needs CAP_SYS_ADMIN over the file system, which is outside of that namespace; the copy is private
 * then. EINVAL: the file system, or one mounted below, cannot do it.
 * @see open_tree(2), mount_setattr(2) (since Linux 5.12)
 * @example
 * cloneTree({ source: '/srv/data', options: parseMountOptions(['rbind', 'ro']) }, 'bring in the volume /srv/data');
 */
export function cloneTree(
  {
    source,
    options,
    result = 'mount',
    usernsFd,
  }: { source: string; options: MountOptions; result?: string; usernsFd?: Flags | number },
  why: string,
): Step[] {
  const whole = options.bind === 'bind' ? [] : (['AT_RECURSIVE'] as const);
  const steps = [
    openTree(
      { path: source, flags: flags(OPEN_TREE, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC', ...whole) },
      { why, result },
    ),
  ];
  if (options.set.value !== 0) {
    steps.push(
      mountSetattr(
        {
          mount: resultOf(result),
          flags: options.bind === 'bind' ? WHOLE_MOUNT : WHOLE_TREE,
          set: options.set,
          clear: replacedBy(options.set),
        },
        why,
      ),
    );
  }
  if (options.top.value !== 0)
    steps.push(mountSetattr({ mount: resultOf(result), flags: WHOLE_MOUNT, set: options.top }, why));
  if (usernsFd !== undefined)
    steps.push(
      mountSetattr(
        {
          mount: resultOf(result),
          flags: options.idmap === 'ridmap' ? WHOLE_TREE : WHOLE_MOUNT,
          set: flags(MOUNT_ATTR, 'MOUNT_ATTR_IDMAP'),
          usernsFd,
        },
        why,
      ),
    );
  // A copy made outside of the container is a peer of its original, which its maker does not make private.
  const propagation = options.propagation ?? (usernsFd === undefined ? undefined : flags(MS, 'MS_PRIVATE'));
  if (propagation && (usernsFd !== undefined || propagation.text !== 'MS_PRIVATE'))
    steps.push(mountSetattr({ mount: resultOf(result), flags: WHOLE_TREE, propagation }, why));
  return steps;
}

/** How access times are kept is one value, not bits: the kernel wants to hear that the old one goes. */
function replacedBy(set: Flags): Flags {
  const changesAccessTime = (Number(set.value) & MOUNT_ATTR.MOUNT_ATTR__ATIME) !== 0;
  return changesAccessTime ? flags(MOUNT_ATTR, 'MOUNT_ATTR__ATIME') : flags(MOUNT_ATTR);
}

/** A place in a root that something is to be mounted on. */
export interface Mountpoint {
  /** The root it lies in. */
  root: Fd;
  /** As the container will see it, from the top of the root; `..` leads no higher. */
  path: string;
  /** What is mounted on it; the kernel wants both to be the same. */
  kind: 'directory' | 'file';
  /**
   * `'refuse'`, for what is the kernel's own: no symbolic link may lead there (ELOOP), since a /proc that lies elsewhere is where an
   * image wants it, among files of its own (CVE-2019-19921). `'follow'` if absent.
   */
  links?: 'follow' | 'refuse' | undefined;
}

/**
 * Steps that make a mountpoint where there is none, and open it as the result `'target'`. Every look-up is the kernel's,
 * inside the root (CVE-2021-30465, CVE-2024-45310): a symbolic link in the root can only lead elsewhere in the root. One
 * that ends nowhere is refused with ENOENT: `resolveInRoot` finds where it would end. What is made has mode 755 or 644, less the umask.
 * @param opened parent directories that earlier steps of this program hold open; kept up to date
 * @see openat2(2) (since Linux 5.6)
 * @example
 * openMountpoint({ root: resultOf('rootfs'), path: '/etc/hosts', kind: 'file' }, 'show the hosts file');
 */
export function openMountpoint(
  { root, path, kind, links }: Mountpoint,
  why: string,
  opened: Set<string> = new Set(),
): Step[] {
  const names = path.split('/').filter((name) => name !== '');
  const steps: Step[] = [];
  let parent: Fd = root;
  names.forEach((name, index) => {
    const here = names.slice(0, index + 1).join('/');
    const isLast = index === names.length - 1;
    if (isLast || !opened.has(here)) {
      const purpose = { why, tolerate: MAY_EXIST };
      if (isLast && kind === 'file') steps.push(mknodat({ dir: parent, path: name, mode: S.S_IFREG | 0o644 }, purpose));
      else steps.push(mkdirat({ dir: parent, path: name }, purpose));
      steps.push(
        openInRoot(
          { root, path: here, kind: isLast ? kind : 'directory', links },
          { why, result: isLast ? 'target' : `directory ${here}` },
        ),
      );
    }
    if (!isLast) opened.add(here);
    parent = resultOf(`directory ${here}`);
  });
  // What was open below the new mount is hidden by it.
  const target = names.join('/');
  for (const directory of opened)
    if (directory === target || directory.startsWith(`${target}/`)) opened.delete(directory);
  return names.length === 0 ? [openInRoot({ root, path: '/', kind: 'directory' }, { why, result: 'target' })] : steps;
}

/**
 * The step that opens a path inside a root, for use as a place only (O_PATH).
 * @example
 * openInRoot({ root: resultOf('rootfs'), path: 'dev', kind: 'directory' }, { why: 'find /dev', result: 'dev' });
 */
export function openInRoot({ root, path, kind, links }: Mountpoint, purpose: Purpose): Step {
  const directory = kind === 'directory' ? (['O_DIRECTORY'] as const) : [];
  return openat2(
    {
      dir: root,
      path,
      flags: flags(OPEN, 'O_PATH', 'O_CLOEXEC', ...directory),
      resolve: links === 'refuse' ? WITHOUT_LINKS : IN_ROOT,
    },
    purpose,
  );
}

/**
 * The step that puts a detached mount on top of everything, where no path leads: copies can be made of it there.
 * @param mount name of the result that holds it
 */
export function attachAbove(mount: string, why: string): Step {
  return moveMount(
    { from: resultOf(mount), to: AT_FDCWD, toPath: '/', flags: flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH') },
    why,
  );
}

/** Steps that take off what {@link attachAbove} has put there; who takes them stands nowhere then. */
export function takeOff(mount: string, why: string): Step[] {
  return [fchdir(resultOf(mount), why), umount2({ target: '.', flags: flags(MNT, 'MNT_DETACH') }, why)];
}

/**
 * The step that puts a detached mount on an opened mountpoint.
 * @param mount name of the result that holds the mount
 * @see move_mount(2)
 * @example
 * attach('mount', 'show /proc'); // on the result 'target'
 */
export function attach(mount: string, why: string): Step {
  return moveMount({ from: resultOf(mount), to: resultOf('target'), flags: ATTACH }, why);
}
