import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { readValue } from '@coracle/cgroups-core';
import { isErrno } from '@coracle/errors';

/** What detection asks of the machine. All of it can be put in by a test or a tool that looks at another machine. */
export interface Facts {
  /** Text of /proc/self/mountinfo. */
  mountinfo: string;
  /** Text of /proc/self/cgroup. */
  selfCgroup: string;
  /** Whether the caller may write a path. */
  isWritable(path: string): boolean;
  /** Text of a file of a group, or of /proc/self/status and /proc/self/uid_map; `undefined` when there is none. */
  read(path: string): string | undefined;
  /**
   * The group that holds the caller: `path` below one of the groups that lie so many levels below a directory. The kernel tells
   * no names above a cgroup namespace, so where a mount shows what is above it, its groups are looked through. Without this the
   * top of such a mount counts as the caller's group.
   */
  findOwn?: ((below: string, levels: number, path: string) => string | undefined) | undefined;
}

/** The facts of this machine, for the process that asks. */
export function theseFacts(): Facts {
  return {
    mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'),
    selfCgroup: readFileSync('/proc/self/cgroup', 'utf8'),
    isWritable,
    read: readValue,
    findOwn: (below, levels, path) => findGroupOf(process.pid, below, { levels, path }),
  };
}

/** The group that holds a process, as {@link Facts.findOwn} says. */
export function findGroupOf(
  pid: number,
  below: string,
  { levels, path }: { levels: number; path: string },
): string | undefined {
  let tops = [below];
  for (let level = 0; level < levels; level++) tops = tops.flatMap(groupsIn);
  const holds = (directory: string): boolean =>
    (readValue(`${directory}/cgroup.procs`) ?? '').split('\n').includes(`${pid}`);
  return tops.map((top) => (path === '/' ? top : `${top}${path}`)).find(holds);
}

function groupsIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${directory}/${name}`);
  } catch (error) {
    // Gone in the meantime, or not for the caller's eyes.
    if (isErrno(error, 'ENOENT', 'ENODEV', 'EACCES')) return [];
    throw error;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
