import { basename } from 'node:path';
import { type OwnHierarchy, ownHierarchies } from '@coracle/cgroups';
import type { Group } from '../cgroup/cgroup-for.ts';
import type { Normalized } from './normalize.ts';
import type { CgroupView } from './plan-cgroup-mount.ts';

/** What a cgroup mount of a container shows on this machine. */
export function cgroupView({ linux }: Normalized, { plan }: Group): CgroupView {
  const namespaces = (linux.namespaces ?? []).map(({ type }) => type);
  const hasNamespace = namespaces.includes('cgroup');
  const directories = plan?.directories ?? [];
  const groupIn = ({ mountPoint, directory }: OwnHierarchy): string =>
    directories.find((one) => one.startsWith(`${mountPoint}/`)) ?? directory;
  const all = ownHierarchies();
  const unified = all.find(({ isUnified }) => isUnified);
  return {
    hasNamespace,
    canMount: hasNamespace || !namespaces.includes('user'),
    unified: unified && groupIn(unified),
    hierarchies: all
      .filter(({ isUnified }) => !isUnified)
      .map((one) => ({ name: basename(one.mountPoint), options: one.options, directory: groupIn(one) })),
  };
}
