import { attach, createFilesystem, openMountpoint } from '@coracle/chroot-fs';
import type { Mount } from '@coracle/oci-spec';
import { AT, close, flags, MOUNT_ATTR, mkdirat, mountSetattr, resultOf, type Step, symlinkat } from '@coracle/syscalls';
import { withContext } from '../labels/label-mounts.ts';

/** A hierarchy of version 1 as it is shown. */
export interface ShownHierarchy {
  /** The last part of its mount point: `cpu,cpuacct`. */
  name: string;
  /** Its options of mount: controllers, or `name=systemd`. */
  options: readonly string[];
  /** Steps whose result `'mount'` is shown where a cgroup file system cannot be mounted. */
  instead?: readonly Step[] | undefined;
}

/** What of cgroups is shown, and where. */
export interface ShownCgroups {
  /** Those of version 1; if there is none, the one tree of version 2. */
  hierarchies: readonly ShownHierarchy[];
  /** As that of a hierarchy, for the tree of version 2. */
  instead?: readonly Step[] | undefined;
  /** In the root. */
  path: string;
  why: string;
  /** SELinux's label of what is made; none if absent. */
  label?: string | undefined;
  /** Parent directories that earlier steps hold open. */
  opened?: Set<string> | undefined;
}

/**
 * Steps for a mount of the type `cgroup`, as runc makes it: on version 2 the one tree; on version 1 a tmpfs with a directory for each
 * hierarchy, and links for controllers that share one. A process with a cgroup namespace of its own sees its groups as the topmost ones.
 * @see cgroups(7), cgroup_namespaces(7)
 */
export function showCgroups(mount: Mount, shown: ShownCgroups): Step[] {
  const { hierarchies, instead, path, why } = shown;
  const attributes = attributesOf(mount);
  if (hierarchies.length > 0) return eachHierarchy(attributes, shown);
  const tree = instead ?? createFilesystem({ type: 'cgroup2', source: 'cgroup2', options: attributes }, why);
  return [...tree, ...putOn(path, shown)];
}

function eachHierarchy(attributes: readonly string[], shown: ShownCgroups): Step[] {
  const { hierarchies, path, why, label } = shown;
  const top = resultOf('mount');
  const links = hierarchies.flatMap(({ name, options }) =>
    options.length > 1 ? options.filter((one) => one !== name).map((one) => ({ name, link: one })) : [],
  );
  const options = withContext(['mode=755', ...attributes.filter((one) => one !== 'ro')], label);
  return [
    ...createFilesystem({ type: 'tmpfs', source: 'tmpfs', options }, why),
    ...hierarchies.map(({ name }) => mkdirat({ dir: top, path: name }, why)),
    ...links.map(({ name, link }) => symlinkat({ target: name, dir: top, path: link }, why)),
    // Not before there is something in it.
    ...(attributes.includes('ro')
      ? [
          mountSetattr(
            { mount: top, flags: flags(AT, 'AT_EMPTY_PATH'), set: flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY') },
            why,
          ),
        ]
      : []),
    ...putOn(path, shown),
    ...hierarchies.flatMap(({ name, options, instead }) => [
      ...(instead ??
        createFilesystem(
          { type: 'cgroup', source: sourceOf(options), options: [...attributes, ...mountWords(options)] },
          why,
        )),
      ...putOn(`${path}/${name}`, shown),
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

function putOn(path: string, { why, opened }: ShownCgroups): Step[] {
  return [
    ...openMountpoint({ root: resultOf('rootfs'), path, kind: 'directory' }, why, opened),
    attach('mount', why),
    close(resultOf('mount'), why),
    close(resultOf('target'), why),
  ];
}
