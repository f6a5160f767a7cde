import { attach, createFilesystem, openMountpoint } from '@coracle/chroot-fs';
import { parseConfigMountOptions } from '@coracle/chroot-fs/config';
import type { Mount } from '@coracle/oci-spec';
import {
  AT,
  close,
  flags,
  MOUNT_ATTR,
  mkdirat,
  mountSetattr,
  OPEN_TREE,
  openTree,
  resultOf,
  type Step,
  symlinkat,
} from '@coracle/syscalls';

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

const WHOLE_MOUNT = flags(AT, 'AT_EMPTY_PATH');

/**
 * Steps for a mount of the type `cgroup`, as runc makes it: on version 2 the one tree; on version 1 a tmpfs with a directory for each
 * hierarchy, and links for controllers that share one. What they show is the container's own group, by its namespace or by a bind mount.
 * @see cgroups(7), cgroup_namespaces(7)
 */
export function planCgroupMount(
  mount: Mount,
  { view, path, why }: { view: CgroupView; path: string; why: string },
): Step[] {
  return view.hierarchies.length === 0
    ? unified(mount, { view, path, why })
    : eachHierarchy(mount, { view, path, why });
}

interface Place {
  view: CgroupView;
  path: string;
  why: string;
}

function unified(mount: Mount, { view, path, why }: Place): Step[] {
  const show = view.canMount
    ? createFilesystem({ type: 'cgroup2', source: 'cgroup2', options: attributesOf(mount) }, why)
    : bind(view.unified ?? '/sys/fs/cgroup', mount, why);
  return [...show, ...putOn(path, why)];
}

function eachHierarchy(mount: Mount, { view, path, why }: Place): Step[] {
  const attributes = attributesOf(mount);
  const top = resultOf('mount');
  const links = view.hierarchies.flatMap(({ name, options }) =>
    options.length > 1 ? options.filter((one) => one !== name).map((one) => ({ name, link: one })) : [],
  );
  return [
    ...createFilesystem(
      { type: 'tmpfs', source: 'tmpfs', options: ['mode=755', ...attributes.filter((one) => one !== 'ro')] },
      why,
    ),
    ...view.hierarchies.map(({ name }) => mkdirat({ dir: top, path: name }, why)),
    ...links.map(({ name, link }) => symlinkat({ target: name, dir: top, path: link }, why)),
    ...(attributes.includes('ro')
      ? [mountSetattr({ mount: top, flags: WHOLE_MOUNT, set: flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY') }, why)]
      : []),
    ...putOn(path, why),
    ...view.hierarchies.flatMap(({ name, options, directory }) => [
      ...(view.hasNamespace && view.canMount
        ? createFilesystem(
            { type: 'cgroup', source: sourceOf(options), options: [...attributes, ...mountWords(options)] },
            why,
          )
        : bind(directory, mount, why)),
      ...putOn(`${path}/${name}`, why),
    ]),
  ];
}

/** A hierarchy without a controller is found by its name. */
function mountWords(options: readonly string[]): string[] {
  return options.some((one) => one.startsWith('name=')) ? ['none', ...options] : [...options];
}

/** As runc calls what it mounts. */
function sourceOf(options: readonly string[]): string {
  return options.find((one) => one.startsWith('name='))?.slice('name='.length) ?? 'cgroup';
}

/** What a mount of the type `cgroup` may say of it: attributes alone. */
function attributesOf({ options = [] }: Mount): string[] {
  const known = new Set(['ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'strictatime', 'nodiratime', 'nosymfollow']);
  return options.map((option) => (option === 'rro' ? 'ro' : option)).filter((option) => known.has(option));
}

function bind(source: string, { options = [] }: Mount, why: string): Step[] {
  const { top } = parseConfigMountOptions(options);
  return [
    openTree(
      { path: source, flags: flags(OPEN_TREE, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC', 'AT_RECURSIVE') },
      { why, result: 'mount' },
    ),
    ...(top.set.value === 0 ? [] : [mountSetattr({ mount: resultOf('mount'), flags: WHOLE_MOUNT, ...top }, why)]),
  ];
}

function putOn(path: string, why: string): Step[] {
  return [
    ...openMountpoint({ root: resultOf('rootfs'), path, kind: 'directory' }, why),
    attach('mount', why),
    close(resultOf('mount'), why),
    close(resultOf('target'), why),
  ];
}
