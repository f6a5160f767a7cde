import {
  AT,
  deviceNumber,
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
} from '@coracle/syscalls';
import { attach, openMountpoint } from './mounts.ts';

/** The devices of every container: they hold nothing and reach no hardware. See null(4), full(4), random(4), tty(4). */
const NODES = [
  { name: 'null', major: 1, minor: 3 },
  { name: 'zero', major: 1, minor: 5 },
  { name: 'full', major: 1, minor: 7 },
  { name: 'random', major: 1, minor: 8 },
  { name: 'urandom', major: 1, minor: 9 },
  { name: 'tty', major: 5, minor: 0 },
] as const;

const LINKS = [
  { path: 'fd', target: '/proc/self/fd' },
  { path: 'stdin', target: '/proc/self/fd/0' },
  { path: 'stdout', target: '/proc/self/fd/1' },
  { path: 'stderr', target: '/proc/self/fd/2' },
  { path: 'core', target: '/proc/kcore' },
  { path: 'ptmx', target: 'pts/ptmx' },
] as const;

/** How device nodes come about: root makes them; in a user namespace, where mknod is refused, the host's are bound. */
export type DeviceSource = 'mknod' | 'bind';

/**
 * Steps that fill a new, still detached /dev (a tmpfs, the result `dev`) with nodes and links. Nodes get mode 666, less the
 * umask.
 * Bound nodes are attached later, by {@link bindDevices}, when /dev is in place.
 * @example
 * [...createFilesystem({ type: 'tmpfs', result: 'dev' }, 'make /dev'), ...populateDev({ dev: 'dev', source: 'mknod' })];
 */
export function populateDev({ dev, source }: { dev: string; source: DeviceSource }): Step[] {
  const dir = resultOf(dev);
  const nodes =
    source === 'bind'
      ? []
      : NODES.map(({ name, major, minor }) =>
          mknodat(
            { dir, path: name, mode: S.S_IFCHR | 0o666, device: deviceNumber(major, minor) },
            `make /dev/${name}`,
          ),
        );
  return [...nodes, ...LINKS.map(({ path, target }) => symlinkat({ target, dir, path }, `make /dev/${path}`))];
}

/**
 * Steps that put the host's harmless device nodes into the root's /dev, while the host's are still reachable by path.
 * @param root name of the result that is the root
 * @param options `except`: paths at which something else is mounted already, which a node would hide; `isOwner`: the container has the id
 *   that the nodes belong to, and is not to change their permissions for all of the host. They can be written all the same
 * @example
 * bindDevices('rootfs', { except: ['/dev/zero'] });
 */
export function bindDevices(
  root: string,
  { except = [], isOwner = false }: { except?: readonly string[]; isOwner?: boolean } = {},
): Step[] {
  const opened = new Set<string>();
  return NODES.flatMap(({ name }) => {
    const path = `/dev/${name}`;
    if (except.includes(path)) return [];
    const why = `show ${path}`;
    return [
      openTree({ path, flags: flags(OPEN_TREE, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC') }, { why, result: 'mount' }),
      ...(isOwner
        ? [mountSetattr({ mount: resultOf('mount'), flags: flags(AT, 'AT_EMPTY_PATH'), set: READ_ONLY }, why)]
        : []),
      ...openMountpoint({ root: resultOf(root), path, kind: 'file' }, why, opened),
      attach('mount', why),
    ];
  });
}

/** Of a device this is about its name and permissions, not what is read and written. See mount(2), MS_RDONLY. */
const READ_ONLY = flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY');

/** What chown(2) takes for a group that stays as it is. */
const SAME_GROUP = -1;

/**
 * The step that makes a terminal's device belong to the container's user. Its group stays that of its devpts, as a rule `tty` (5):
 * programs that write to the terminals of others are of that group.
 * @see pts(4), write(1)
 * @example
 * giveTerminal({ terminal: 'terminal', uid: 1000 });
 */
export function giveTerminal({ terminal, uid }: { terminal: string; uid: number }): Step {
  return fchownat(
    { dir: resultOf(terminal), path: '', uid, gid: SAME_GROUP, flags: flags(AT, 'AT_EMPTY_PATH') },
    'give the terminal to the user of the container',
  );
}
