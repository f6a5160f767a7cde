import { parseConfigMountOptions } from '@coracle/chroot-fs/config';
import type { Mount } from '@coracle/oci-spec';
import { AT, flags, mountSetattr, OPEN_TREE, openTree, resultOf, type Step } from '@coracle/syscalls';
import { showCgroups } from '../cgroup/show-cgroups.ts';

/** The cgroups that a container is to see. */
export interface CgroupView {
  /** Whether the container has a cgroup namespace of its own, in which its groups are the topmost ones. */
  hasNamespace: boolean;
  /** Whether it may mount a cgroup file system: not without a namespace of its own in a user namespace. */
  canMount: boolean;
  /** On version 2: the container's group on the host. */
  unified: string | undefined;
  /** The hierarchies of version 1; empty on version 2. */
  hierarchies: readonly CgroupHierarchy[];
}

/** A hierarchy of version 1, and the container's group in it. */
export interface CgroupHierarchy {
  /** The last part of its mount point: `cpu,cpuacct`. */
  name: string;
  /** Its options of mount: controllers, or `name=systemd`. */
  options: readonly string[];
  /** The directory of the container's group on the host. */
  directory: string;
}

/**
 * As {@link showCgroups}: what is seen is the container's own group, by its namespace or by a bind mount.
 */
export function planCgroupMount(
  mount: Mount,
  { view, path, why }: { view: CgroupView; path: string; why: string },
): Step[] {
  const { hasNamespace, canMount, unified = '/sys/fs/cgroup' } = view;
  return showCgroups(mount, {
    hierarchies: view.hierarchies.map(({ directory, ...hierarchy }) => ({
      ...hierarchy,
      instead: hasNamespace && canMount ? undefined : bind(directory, mount, why),
    })),
    instead: canMount ? undefined : bind(unified, mount, why),
    path,
    why,
  });
}

function bind(source: string, { options = [] }: Mount, why: string): Step[] {
  const { top } = parseConfigMountOptions(options);
  return [
    openTree(
      { path: source, flags: flags(OPEN_TREE, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC', 'AT_RECURSIVE') },
      { why, result: 'mount' },
    ),
    ...(top.set.value === 0
      ? []
      : [mountSetattr({ mount: resultOf('mount'), flags: flags(AT, 'AT_EMPTY_PATH'), ...top }, why)]),
  ];
}
