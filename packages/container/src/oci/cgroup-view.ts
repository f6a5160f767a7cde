import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type MountInfo, parseMountinfo } from '@coracle/mountinfo';
import type { Group } from '../cgroup-for.ts';
import type { Normalized } from './normalize.ts';
import type { CgroupHierarchy, CgroupView } from './plan-cgroup-mount.ts';

/** What a cgroup mount of a container shows on this machine. */
export function cgroupView({ linux }: Normalized, { plan }: Group): CgroupView {
  const namespaces = (linux.namespaces ?? []).map(({ type }) => type);
  const hasNamespace = namespaces.includes('cgroup');
  const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
  const paths = ownPaths(readFileSync('/proc/self/cgroup', 'utf8'));
  const directories = plan?.directories ?? [];
  const inGroup = (mount: MountInfo, path: string | undefined): string =>
    directories.find((directory) => directory.startsWith(`${mount.mountPoint}/`)) ?? directoryIn(mount, path);
  const seen = new Set<string>();
  const hierarchies = mounts.flatMap((mount): CgroupHierarchy[] => {
    const options = mount.superOptions.filter((option) => paths.has(option));
    const [first] = options;
    if (mount.type !== 'cgroup' || first === undefined || seen.has(first)) return [];
    seen.add(first);
    return [{ name: basename(mount.mountPoint), options, directory: inGroup(mount, paths.get(first)) }];
  });
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  return {
    hasNamespace,
    canMount: hasNamespace || !namespaces.includes('user'),
    unified: unified && inGroup(unified, paths.get('')),
    hierarchies,
  };
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
function directoryIn({ mountPoint, root }: MountInfo, path = '/'): string {
  const top = root === '/' ? '' : root;
  const below = path.startsWith(`${top}/`) ? path.slice(top.length) : '';
  return below === '/' ? mountPoint : `${mountPoint}${below}`;
}
