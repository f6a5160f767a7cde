import type { Step } from '@coracle/syscalls';

/** A container's cgroup as the monitor needs it: what to do, and where things are. */
export interface CgroupPlan {
  /** Steps that make the directories and write the limits. */
  create: readonly Step[];
  /** Directories made for this container alone. */
  directories: readonly string[];
  /** Files into which a process of one thread writes "0" to join (version 1). */
  joinFiles: readonly string[];
  /** The directory to be born in (version 2). */
  joinDirectory: string | undefined;
  /** Statistics to read at the end. */
  statFiles: readonly string[];
  /** Directories to remove at the end, in order. */
  remove: readonly string[];
}
