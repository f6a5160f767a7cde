import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  rmdirSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { errnoOf, isErrno, SystemError } from '@coracle/errors';
import { explainRefusal } from './explain-refusal.ts';
import type { FileOperation } from './file-operation.ts';

/** Magic numbers of the cgroup file systems; see statfs(2). */
export const CGROUP_MAGIC = { v1: 0x27e0eb, v2: 0x63677270 } as const;

/** Whether a path lies on a cgroup file system. Tests put another check in its place. */
export type IsCgroup = (path: string) => boolean;

/**
 * Whether a path lies on a cgroup file system, by the magic number the kernel gives.
 * @throws the error of statfs when there is no such path
 * @see statfs(2)
 * @example
 * isCgroupPath('/sys/fs/cgroup/unified');
 */
export const isCgroupPath: IsCgroup = (path) => {
  const { type } = statfsSync(path);
  return type === CGROUP_MAGIC.v1 || type === CGROUP_MAGIC.v2;
};

/** How the files are reached. */
export interface DoorOptions {
  /** Asked before each change; {@link isCgroupPath} if absent. */
  isCgroup?: IsCgroup;
}

/** How operations are carried out. */
export interface RunOptions extends DoorOptions {
  /**
   * Asked when there is no such file, or the kernel has given up what it was for (EOPNOTSUPP): whether to go on without it.
   * Without it that is an error.
   */
  leaveOut?: (operation: FileOperation, error: SystemError) => boolean;
}

/** Version 1 runs what stands in here as root, outside every container, when a group becomes empty (CVE-2022-0492). */
const PROGRAM_FILE = 'release_agent';

/**
 * Writes a value into a file of a group, and into nothing else: a path that does not lie on a cgroup file system is refused,
 * and so is `release_agent`, which would have the kernel run a program.
 * @throws SystemError with the file, the value and the reason; ENOENT names the missing controller, EACCES and EPERM tell how
 *   to get a group of one's own, EBUSY names the processes that stand in the way; EPERM for `release_agent`
 * @example
 * writeValue('/sys/fs/cgroup/box/pids.max', '20');
 */
export function writeValue(path: string, value: string, { isCgroup = isCgroupPath }: DoorOptions = {}): void {
  if (basename(path) === PROGRAM_FILE) throw neverWritten(path, value);
  try {
    check(dirname(path), isCgroup);
    writeOnce(path, value);
  } catch (cause) {
    throw refine(cause, { syscall: 'write', path, value });
  }
}

/**
 * Carries out operations in their order, each before the next is asked for: what a generator plans can depend on what was done.
 * When one fails, the directories made so far are removed again; what goes wrong then is added to the error as `suppressed`.
 * @throws SystemError as {@link writeValue}
 * @example
 * runOperations(planCreate(place, { pids: 20 }).create);
 */
export function runOperations(operations: Iterable<FileOperation>, options: RunOptions = {}): void {
  const made: string[] = [];
  try {
    for (const operation of operations) {
      if (operation.kind === 'write') writeOrLeaveOut(operation, options);
      else if (makeDirectory(operation.path, options)) made.push(operation.path);
    }
  } catch (error) {
    undo(made, error);
    throw error;
  }
}

function writeOrLeaveOut(operation: FileOperation & { kind: 'write' }, { leaveOut, ...door }: RunOptions): void {
  try {
    writeValue(operation.path, operation.value, door);
  } catch (error) {
    const isLacking = isErrno(error, 'ENOENT', 'EOPNOTSUPP') && existsSync(dirname(operation.path));
    if (!(isLacking && error instanceof SystemError && leaveOut?.(operation, error))) throw error;
  }
}

function makeDirectory(path: string, { isCgroup = isCgroupPath }: DoorOptions): boolean {
  try {
    check(dirname(path), isCgroup);
    mkdirSync(path);
    return true;
  } catch (cause) {
    // A file of the kernel's has the name: pids.max.
    if (isErrno(cause, 'EEXIST') && statSync(path).isDirectory()) return false;
    throw refine(cause, { syscall: 'mkdir', path });
  }
}

function undo(made: readonly string[], error: unknown): void {
  for (const path of [...made].reverse()) {
    try {
      rmdirSync(path);
    } catch (failure) {
      if (error instanceof SystemError) error.suppressed.push(failure);
    }
  }
}

/** The kernel takes a value in one piece. Opened for writing alone: nobody but root may read `cgroup.kill`. */
function writeOnce(path: string, value: string): void {
  const file = openSync(path, constants.O_WRONLY);
  try {
    writeSync(file, value);
  } finally {
    closeSync(file);
  }
}

function neverWritten(path: string, value: string): SystemError {
  return new SystemError({
    code: 'EPERM',
    syscall: 'write',
    path,
    detail: `value ${JSON.stringify(value)}`,
    text: 'it would make the kernel run a program as root',
    hint: 'wait for cgroup.events (version 2) or for the last process instead',
  });
}

function check(directory: string, isCgroup: IsCgroup): void {
  if (!isCgroup(directory)) {
    throw new SystemError({
      code: 'EXDEV',
      syscall: 'statfs',
      path: directory,
      text: 'not on a cgroup file system',
      hint: 'is the hierarchy mounted there? See /proc/self/mountinfo',
    });
  }
}

interface Attempt {
  syscall: string;
  path: string;
  value?: string;
}

/** Says at the place of failure what the bare errno leaves open. */
function refine(cause: unknown, { syscall, path, value }: Attempt): unknown {
  const code = errnoOf(cause);
  if (cause instanceof SystemError || code === undefined) return cause;
  const detail = value === undefined ? undefined : `value ${JSON.stringify(value)}`;
  return new SystemError({ code, syscall, path, detail, cause, ...explainRefusal({ path, value, code }) });
}
