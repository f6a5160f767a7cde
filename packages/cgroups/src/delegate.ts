import { chownSync, statSync } from 'node:fs';
import type { Group } from '@coracle/cgroups-core';
import { errnoOf, SystemError } from '@coracle/errors';
import { parseMountinfo } from '@coracle/mountinfo';
import { type Facts, theseFacts } from './facts.ts';
import type { Obstacle } from './obstacle.ts';

/** Whom to give a group to; ids as this user namespace has them. */
export interface DelegateTo {
  uid: number;
  /** The group of users; it stays as it is if absent. */
  gid?: number;
}

/** What was given, and what not. */
export interface Delegation {
  /** Directories and files that are the user's now. */
  files: readonly string[];
  /** The directories of version 1 that stay root's, and why. */
  kept: readonly (Obstacle & { directory: string })[];
}

/** Linux 4.15 lists the files in here; before it was these. */
const LIST = '/sys/kernel/cgroup/delegate';
const BEFORE_THE_LIST = ['cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control'];
/** What it takes on version 1 to make groups below and to fill them. */
const FILES_V1 = ['cgroup.procs', 'tasks'];
/** The controllers of version 1 whose every limit binds the groups below, and that can do no harm with the rest of their files. */
const SAFE_V1 = ['pids', 'cpu', 'cpuacct'];

/**
 * Gives a group to a user, who can then make groups below it, put his processes into them, and divide among them what the
 * group has. Its own limits stay the caller's. Exactly the files are given that the kernel names.
 *
 * On version 1 only the directories of `pids`, `cpu` and `cpuacct` are given. The user's first process has to be added by root.
 * @param options `facts` as for {@link detect}
 * @throws SystemError EPERM for who may not give files away: only root; EOPNOTSUPP for a group of which nothing can be given safely;
 *   ENOENT when it is gone. What was given before is taken back then
 * @see cgroups(7), "Cgroups delegation: delegating a hierarchy to a less privileged user"
 * @example
 * const box = create('box', { pids: 100, memory: '1g' });
 * delegate(box, { uid: 1000, gid: 1000 }).files; // ['/sys/fs/cgroup/box', '/sys/fs/cgroup/box/cgroup.procs', ...]
 */
export function delegate(
  { directories }: Pick<Group, 'directories'>,
  { uid, gid }: DelegateTo,
  { facts = theseFacts() }: { facts?: Pick<Facts, 'mountinfo' | 'read'> } = {},
): Delegation {
  const { files, kept } = planDelegation(directories, facts);
  if (files.length === 0) throw nothingSafe(directories, kept);
  give(files, { uid, gid });
  return { files, kept };
}

/**
 * What {@link delegate} would give. Nothing is changed.
 * @example
 * planDelegation(['/sys/fs/cgroup/box'], { mountinfo, read: () => 'cgroup.procs\n' }).files;
 */
export function planDelegation(
  directories: readonly string[],
  { mountinfo, read }: Pick<Facts, 'mountinfo' | 'read'>,
): Delegation {
  const files: string[] = [];
  const kept: (Obstacle & { directory: string })[] = [];
  for (const directory of directories) {
    const controllers = controllersAt(directory, mountinfo);
    const unsafe = controllers?.filter((one) => !SAFE_V1.includes(one)) ?? [];
    if (unsafe.length > 0) kept.push({ directory, ...notSafe(unsafe) });
    else files.push(...filesOf(directory, controllers ? FILES_V1 : namesIn(read(LIST)), read));
  }
  return { files, kept };
}

/** The directory first; of the files those that are there: some are a controller's, or a newer kernel's. */
function filesOf(directory: string, names: readonly string[], read: Facts['read']): string[] {
  const there = names.map((name) => `${directory}/${name}`).filter((path) => exists(path, read));
  return [directory, ...there];
}

/** Some of them can only be written: memory.reclaim. */
function exists(path: string, read: Facts['read']): boolean {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return true;
  return read(path) !== undefined;
}

function namesIn(list: string | undefined): readonly string[] {
  return list?.split('\n').filter(Boolean) ?? BEFORE_THE_LIST;
}

/** The controllers of a hierarchy of version 1; `undefined` on version 2. */
function controllersAt(directory: string, mountinfo: string): string[] | undefined {
  const [mount] = parseMountinfo(mountinfo)
    .filter(({ mountPoint }) => directory === mountPoint || directory.startsWith(`${mountPoint}/`))
    .sort((a, b) => b.mountPoint.length - a.mountPoint.length);
  if (mount?.type !== 'cgroup') return undefined;
  const options = ['rw', 'ro', 'xattr', 'noprefix', 'clone_children'];
  return mount.superOptions.filter((option) => !options.includes(option) && !option.includes('='));
}

function notSafe(controllers: readonly string[]): Obstacle {
  return {
    reason: `version 1 does not bind who owns groups of ${controllers.join(', ')}`,
    fix: 'limit it in the group that stays yours, or use version 2: systemd.unified_cgroup_hierarchy=1 on the kernel command line',
  };
}

function give(files: readonly string[], { uid, gid }: { uid: number; gid: number | undefined }): void {
  const owners: { path: string; uid: number; gid: number }[] = [];
  try {
    for (const path of files) {
      const before = statSync(path);
      chownSync(path, uid, gid ?? before.gid);
      owners.push({ path, uid: before.uid, gid: before.gid });
    }
  } catch (cause) {
    const error = refine(cause, { path: files[owners.length], uid });
    for (const { path, ...owner } of owners.reverse()) {
      try {
        chownSync(path, owner.uid, owner.gid);
      } catch (failure) {
        if (error instanceof SystemError) error.suppressed.push(failure);
      }
    }
    throw error;
  }
}

function refine(cause: unknown, { path, uid }: { path: string | undefined; uid: number }): unknown {
  const code = errnoOf(cause);
  if (code === undefined) return cause;
  const hint = code === 'EPERM' ? 'only root can give files away' : undefined;
  return new SystemError({ code, syscall: 'chown', path, detail: `uid ${uid}`, hint, cause });
}

function nothingSafe(directories: readonly string[], kept: Delegation['kept']): SystemError {
  const [first] = kept;
  const { reason, fix } = first ?? { reason: 'the group has no directory', fix: 'give the one that was made' };
  return new SystemError({ code: 'EOPNOTSUPP', syscall: 'chown', path: directories[0], text: reason, hint: fix });
}
