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
import type { FileOperation } from './file-operation.ts';
import { NOT_YOURS, readValue } from './read-value.ts';
import { noMoreGroups } from './why-no-place.ts';
import { lackingFile, whyRefused } from './why-refused.ts';

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
  const details = {
    code,
    syscall,
    path,
    detail: value === undefined ? undefined : `value ${JSON.stringify(value)}`,
    cause,
  };
  const directory = dirname(path);
  const file = path.slice(directory.length + 1);
  if (code === 'ENOENT' && syscall === 'write') {
    return new SystemError({ ...details, ...whatIsMissing({ directory, file, value }) });
  }
  if (code === 'EPERM' && file === 'devices.allow') {
    return new SystemError({
      ...details,
      text: `the group ${dirname(directory)} does not allow that itself, or you are not root`,
      hint: 'leave the rule out, or have it allowed above; only root (CAP_SYS_ADMIN) may write rules for devices',
    });
  }
  const refusal = value === undefined ? undefined : whyRefused({ directory, file, value, code, read: readValue });
  if (refusal) return new SystemError({ ...details, ...refusal });
  if (code === 'EEXIST') {
    return new SystemError({
      ...details,
      text: 'a file of the kernel has this name',
      hint: 'take another for the group',
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new SystemError({
      ...details,
      hint: NOT_YOURS,
    });
  }
  if (code === 'EAGAIN' && syscall === 'mkdir')
    return new SystemError({ ...details, ...noMoreGroups(path, readValue) });
  if (code === 'EBUSY' && file.startsWith('memory.')) {
    return new SystemError({
      ...details,
      text: 'more memory is in use than would be allowed',
      hint: 'end processes first, or allow more',
    });
  }
  if (code === 'EINVAL' || code === 'ERANGE')
    return new SystemError({ ...details, hint: 'the kernel does not take this value here' });
  return new SystemError(details);
}

/** The kernel answers ENOENT for a group, a file and a controller alike. */
function whatIsMissing({
  directory,
  file,
  value = '',
}: {
  directory: string;
  file: string;
  value?: string | undefined;
}): {
  text: string;
  hint: string;
} {
  if (!existsSync(directory)) return { text: `there is no group ${directory}`, hint: 'it was removed, or never made' };
  if (file === 'cgroup.subtree_control') {
    return {
      text: `not all of the controllers ${value.replaceAll('+', '')} are available in ${directory}`,
      hint: `see ${directory}/cgroup.controllers: the group above must hand a controller down, and version 1 must not hold it`,
    };
  }
  if (file.startsWith('cgroup.'))
    return { text: `there is no ${file} in ${directory}`, hint: 'is this kernel too old?' };
  const lacking = lackingFile(directory, file);
  if (lacking) return lacking;
  return {
    text: `controller ${file.split('.')[0]} is not available in ${directory}`,
    hint: `see ${directory}/cgroup.controllers (version 2) or /proc/cgroups`,
  };
}
