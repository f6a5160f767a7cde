import { accessSync, constants, readFileSync } from 'node:fs';
import { type MountInfo, parseMountinfo } from '@coracle/mountinfo';

/** A hierarchy of cgroups as it is mounted, and this process's own group in it. */
export interface OwnHierarchy {
  /** Its options of mount that tell which it is: controllers, or `name=systemd`; none for version 2. */
  options: readonly string[];
  mountPoint: string;
  /** The directory of the own group. */
  directory: string;
  isUnified: boolean;
}

/** The hierarchies of this machine, each once. */
export function ownHierarchies(): OwnHierarchy[] {
  const paths = ownPaths(readFileSync('/proc/self/cgroup', 'utf8'));
  const seen = new Set<string>();
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')).flatMap((mount): OwnHierarchy[] => {
    const isUnified = mount.type === 'cgroup2';
    if (mount.type !== 'cgroup' && !isUnified) return [];
    const options = isUnified ? [] : mount.superOptions.filter((option) => paths.has(option));
    const key = options[0] ?? '';
    const path = paths.get(key);
    if (seen.has(key) || path === undefined) return [];
    seen.add(key);
    return [{ options, mountPoint: mount.mountPoint, directory: directoryIn(mount, path), isUnified }];
  });
}

/** Whether groups can be made in a directory. */
export function mayMakeIn(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The groups of this process, by controller; lines are `number:controllers:path`. */
function ownPaths(text: string): Map<string, string> {
  const lines = text.split('\n').map((line) => line.split(':'));
  return new Map(
    lines.flatMap(([, controllers, ...path]): [string, string][] =>
      controllers === undefined ? [] : controllers.split(',').map((one) => [one, path.join(':')]),
    ),
  );
}

/** A part of a hierarchy may be mounted; a group outside of it is taken for its top. */
function directoryIn({ mountPoint, root }: MountInfo, path: string): string {
  const top = root === '/' ? '' : root;
  const below = path.startsWith(`${top}/`) ? path.slice(top.length) : '';
  return below === '/' ? mountPoint : `${mountPoint}${below}`;
}
