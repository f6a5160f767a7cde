/**
 * One step of making a group, as plain data: it can be carried out with `node:fs` (see {@link runOperations}), or turned
 * into system calls by whoever makes them elsewhere.
 */
export type FileOperation =
  /** Make a directory, which may be there already. */
  | { kind: 'mkdir'; path: string; why: string }
  /** Write a value into a file of the kernel, in one write. */
  | { kind: 'write'; path: string; value: string; why: string };

/** Everything about a group that follows from its place and its limits; all of it plain data. */
export interface GroupPlan {
  /** In this order. */
  create: readonly FileOperation[];
  /** Directories that are this group's alone, children after their parents. */
  directories: readonly string[];
  /** A process joins by writing `0` into each of these. */
  joinFiles: readonly string[];
  /** A process can be born in this directory with clone3's CLONE_INTO_CGROUP; version 2 only. */
  joinDirectory: string | undefined;
  /** Files with numbers, see `parseStats`. */
  statFiles: readonly string[];
}
