import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { MountInfo } from '@coracle/mountinfo';
import { cgroupMounts } from './cgroup-mounts.ts';
import { type Facts, findGroupOf, theseFacts } from './facts.ts';
import { directoryIn, parseSelfCgroup, showing } from './hierarchy.ts';

/** A hierarchy of cgroups as it is mounted, and the caller's own group in it. */
export interface OwnHierarchy {
  /** Its options of mount that tell which it is: controllers, or `name=systemd`; none for version 2. */
  options: readonly string[];
  mountPoint: string;
  /** The directory of the own group. */
  directory: string;
  isUnified: boolean;
}

/** What the hierarchies are found out from. */
type HierarchyFacts = Pick<Facts, 'mountinfo' | 'selfCgroup' | 'isWritable' | 'findOwn'>;

/**
 * All hierarchies that the caller is in, also those that have only a name, each once.
 * @param facts of another machine, or made up; this machine's if absent
 * @see cgroups(7)
 * @example
 * ownHierarchies().filter(({ isUnified }) => !isUnified).length; // 0 on a machine with version 2 alone
 */
export function ownHierarchies(facts: HierarchyFacts = theseFacts()): OwnHierarchy[] {
  const paths = parseSelfCgroup(facts.selfCgroup);
  const hierarchies = new Map<string, { options: string[]; mounts: MountInfo[] }>();
  for (const mount of cgroupMounts(facts.mountinfo)) {
    const isUnified = mount.type === 'cgroup2';
    const options = isUnified ? [] : mount.superOptions.filter((option) => paths.has(option));
    const key = options[0] ?? '';
    if (!paths.has(key) || (key === '') !== isUnified) continue;
    hierarchies.set(key, { options, mounts: [...(hierarchies.get(key)?.mounts ?? []), mount] });
  }
  return [...hierarchies].flatMap(([key, { options, mounts }]): OwnHierarchy[] => {
    const path = paths.get(key);
    const mount = showing(path, mounts);
    if (!mount) return [];
    const directory = directoryIn(mount, path, facts.findOwn);
    return [{ options, mountPoint: mount.mountPoint, directory, isUnified: key === '' }];
  });
}

/**
 * As {@link ownHierarchies}, with the groups that another process is in.
 * @param pid as the caller's /proc has it
 * @throws the error of reading its file in /proc: ENOENT or ESRCH when there is no such process
 * @see cgroups(7)
 * @example
 * hierarchiesOf(1).find(({ isUnified }) => isUnified)?.directory; // '/sys/fs/cgroup/init.scope'
 */
export function hierarchiesOf(pid: number): OwnHierarchy[] {
  return ownHierarchies({
    ...theseFacts(),
    selfCgroup: readFileSync(`/proc/${pid}/cgroup`, 'utf8'),
    findOwn: (below, levels, path) => findGroupOf(pid, below, { levels, path }),
  });
}

/** Where a group can be made as well, and by which file one thread joins it there. */
export interface FurtherPlace {
  directory: string;
  mountPoint: string;
  joinFile: string;
}

/**
 * Where a group can lie beside the hierarchies whose controllers limit it: who looks for its processes then finds them in each.
 * @param path of the group, from the top when it begins with `/`, otherwise below the caller's own groups
 * @param directories where it lies already
 * @param facts of another machine, or made up; this machine's if absent
 * @example
 * furtherPlaces('/box', ['/sys/fs/cgroup/pids/box']);
 */
export function furtherPlaces(
  path: string,
  directories: readonly string[],
  facts: HierarchyFacts = theseFacts(),
): FurtherPlace[] {
  return ownHierarchies(facts).flatMap((hierarchy): FurtherPlace[] => {
    const { mountPoint, isUnified } = hierarchy;
    const above = path.startsWith('/') ? mountPoint : hierarchy.directory;
    const isIn = directories.some((one) => one.startsWith(`${mountPoint}/`));
    if (isIn || !facts.isWritable(above)) return [];
    const directory = posix.join(above, path);
    return [{ directory, mountPoint, joinFile: `${directory}/${isUnified ? 'cgroup.procs' : 'tasks'}` }];
  });
}
