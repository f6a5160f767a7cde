import { posix } from 'node:path';
import type { OwnHierarchy } from '@coracle/cgroups';
import type { Mount } from '@coracle/oci-spec';
import type { Step } from '@coracle/syscalls';
import { showCgroups } from './show-cgroups.ts';

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

/** Steps that show the container its own groups, where programs look for their limits. For a process that has a cgroup namespace. */
export function showOwnGroups(
  mount: Mount,
  { groups, label, opened }: { groups: readonly OwnGroup[]; label?: string | undefined; opened: Set<string> },
): Step[] {
  if (groups.length === 0) return [];
  const hierarchies = groups
    .filter(({ isUnified }) => !isUnified)
    .map(({ mountPoint, options }) => ({ name: posix.basename(mountPoint), options }));
  const why = `show the container its limits${mount.options?.includes('ro') ? ', read-only' : ''}`;
  return showCgroups(mount, { hierarchies, path: mount.destination, why, label, opened });
}
