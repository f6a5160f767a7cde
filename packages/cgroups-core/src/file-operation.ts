/**
 * One step of making a group, as plain data: it can be carried out with `node:fs` (see {@link runOperations}), or turned
 * into system calls by whoever makes them elsewhere.
 */
export type FileOperation =
  /** Make a directory, which may be there already. */
  | { kind: 'mkdir'; path: string; why: string }
  /** Write a value into a file of the kernel, in one write. */
  | { kind: 'write'; path: string; value: string; why: string };

/** The text of a file of a group, `undefined` where there is none: what a plan is told of a group that exists already. */
export type ReadFile = (path: string) => string | undefined;

/**
 * The operation that writes a value.
 * @example
 * setFile('/sys/fs/cgroup/box/pids.max', '20', 'allow 20 processes');
 */
export function setFile(path: string, value: string, why: string): FileOperation {
  return { kind: 'write', path, value, why };
}

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
