import { posix } from 'node:path';
import type { OwnHierarchy } from '@coracle/cgroups';
import { attach, createFilesystem, openInRoot, openMountpoint } from '@coracle/chroot-fs';
import type { Mount } from '@coracle/oci-spec';
import {
  AT,
  type Fd,
  flags,
  MOUNT_ATTR,
  mkdirat,
  mountSetattr,
  resultOf,
  type Step,
  symlinkat,
} from '@coracle/syscalls';
import { withContext } from './labels/label-mounts.ts';

/** A hierarchy in which a container has a group of its own. */
export type OwnGroup = Pick<OwnHierarchy, 'options' | 'mountPoint' | 'isUnified'>;

/**
 * Of the hierarchies of this machine those in which the container has a group of its own. In the others it would see the groups
 * above it, which tell what else runs on the host.
 */
export function ownGroups(hierarchies: readonly OwnGroup[], directories: readonly string[]): OwnGroup[] {
  const own = hierarchies.filter(({ mountPoint }) => directories.some((path) => path.startsWith(`${mountPoint}/`)));
  // Where both versions are in use programs look for limits in the first.
  const legacy = own.filter(({ isUnified }) => !isUnified);
  return legacy.length > 0 ? legacy : own;
}

/**
 * Steps that show the container its own groups where programs look for their limits: the one tree of version 2; of version 1
 * a directory for each hierarchy, and links for controllers that share one.
 *
 * For a process that has a cgroup namespace, in which its groups are the topmost ones.
 * @see cgroups(7), cgroup_namespaces(7)
 */
export function showCgroups(
  mount: Mount,
  { groups, label, opened }: { groups: readonly OwnGroup[]; label?: string | undefined; opened: Set<string> },
): Step[] {
  const options = mount.options ?? [];
  const isReadOnly = options.includes('ro');
  const why = `show the container its limits${isReadOnly ? ', read-only' : ''}`;
  const putOn = (result: string): Step[] => [
    ...openMountpoint({ root: resultOf('rootfs'), path: mount.destination, kind: 'directory' }, why, opened),
    attach(result, why),
  ];
  if (groups.length === 0) return [];
  if (groups.some(({ isUnified }) => isUnified))
    return [...createFilesystem({ type: 'cgroup2', options }, why), ...putOn('mount')];
  const top = resultOf('cgroups');
  return [
    ...createFilesystem(
      {
        type: 'tmpfs',
        options: withContext(['mode=755', ...options.filter((one) => one !== 'ro')], label),
        result: 'cgroups',
      },
      why,
    ),
    ...groups.flatMap(({ mountPoint, options: controllers }) => {
      const name = posix.basename(mountPoint);
      const links = controllers.length > 1 ? controllers.filter((one) => one !== name) : [];
      return [
        mkdirat({ dir: top, path: name }, why),
        ...links.map((link) => symlinkat({ target: name, dir: top, path: link }, why)),
      ];
    }),
    ...(isReadOnly ? [forbidChanges(top, why)] : []),
    ...putOn('cgroups'),
    ...groups.flatMap(({ mountPoint, options: controllers }) => [
      ...createFilesystem({ type: 'cgroup', options: [...options, ...controllers] }, why),
      openInRoot({ root: top, path: posix.basename(mountPoint), kind: 'directory' }, { why, result: 'target' }),
      attach('mount', why),
    ]),
  ];
}

/** Files are made in it before: it cannot be born read-only. */
function forbidChanges(mount: Fd, why: string): Step {
  return mountSetattr({ mount, flags: flags(AT, 'AT_EMPTY_PATH'), set: flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY') }, why);
}
