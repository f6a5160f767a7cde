import { posix } from 'node:path';
import type { FurtherPlace } from '@coracle/cgroups';
import { AT_FDCWD, mkdirat, type Step } from '@coracle/syscalls';
import type { CgroupPlan } from '../cgroup/cgroup-plan.ts';

/**
 * Puts a group into hierarchies in which nothing is limited as well: those with a name alone, and on a hybrid machine the tree of version 2.
 * Whoever looks for the processes of a container finds them in each, as with runc.
 */
export function alsoIn(plan: CgroupPlan, others: readonly FurtherPlace[]): CgroupPlan {
  const why = 'be found in every hierarchy';
  const made = others.flatMap(({ directory, mountPoint }): Step[] =>
    ancestors(directory, mountPoint).map((path) => mkdirat({ dir: AT_FDCWD, path }, { why, tolerate: ['EEXIST'] })),
  );
  const directories = others.map(({ directory }) => directory);
  return {
    ...plan,
    create: [...plan.create, ...made],
    directories: [...plan.directories, ...directories],
    joinFiles: [...plan.joinFiles, ...others.map(({ joinFile }) => joinFile)],
    remove: [...directories, ...plan.remove],
  };
}

/** The directories from below a mount point down to a directory. */
function ancestors(directory: string, mountPoint: string): string[] {
  const names = posix.relative(mountPoint, directory).split('/').filter(Boolean);
  return names.map((_, index) => posix.join(mountPoint, ...names.slice(0, index + 1)));
}
