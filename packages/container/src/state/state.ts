import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '@coracle/errors';
import type { IdMaps } from '@coracle/namespaces';
import type { Config, Process } from '@coracle/oci-spec';
import { tryLock } from '@coracle/syscalls';
import type { Isolation } from '../isolation.ts';
import { bootId, identityOf, type ProcessIdentity } from '../process-identity.ts';

/** What the state directory tells of a container. */
export interface ContainerState {
  id: string;
  name?: string;
  /** `'created'`: set up and waiting; `'running'`: its program was started. */
  status: 'created' | 'running';
  /** Process 1 of the container, as the host numbers it. */
  pid: number;
  /** The process's start time in clock ticks since boot (proc_pid_stat(5), field 22) and the boot it belongs to. */
  startTime: string;
  bootId: string;
  command: readonly string[];
  root: string;
  hostname?: string | undefined;
  /** Whom the program was started as, in ids of the container. */
  user?: Process['user'] | undefined;
  /** Which of the host's ids are the container's; absent without a user namespace. */
  idMaps?: Pick<IdMaps, 'uids' | 'gids'> | undefined;
  /** When it was made, in milliseconds since 1970: V8 loads its calendar for the text of a date, which takes 1 to 3 ms. */
  created: number;
  /** When its program was started, likewise; absent until then. */
  started?: number | undefined;
  /** Directories of the container's cgroup. */
  cgroups: readonly string[];
  /** What was mounted in it beside its root, as the OCI runtime specification writes it. */
  mounts: NonNullable<Config['mounts']>;
  /** Limits of getrlimit(2), as the OCI runtime specification writes them. */
  rlimits: NonNullable<Process['rlimits']>;
  isolation: Isolation;
}

/** Files of one container's directory. The lock is held by its monitor as long as the container lives. */
export const STATE_FILES = { state: 'state.json', next: 'state.json.next', lock: 'lock', cgroups: 'cgroups' } as const;

/** The directory of a container. */
export function stateDirectory(root: string, id: string): string {
  return join(root, id);
}

/**
 * Writes a container's state in one piece: readers see the old text or the new. No fsync: after a crash of the machine
 * no container lives, and the boot id says so.
 */
export function writeState(root: string, state: ContainerState): void {
  const directory = stateDirectory(root, state.id);
  const next = join(directory, STATE_FILES.next);
  const fd = openSync(next, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
  try {
    writeSync(fd, `${JSON.stringify(state)}\n`);
  } finally {
    closeSync(fd);
  }
  renameSync(next, join(directory, STATE_FILES.state));
}

/** Writes the state of a container that may have ended: its monitor has cleaned up after it then, and nothing is written. */
export function recordState(root: string, state: ContainerState): void {
  try {
    writeState(root, state);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/** How a state names a process: with a start time of 0 one that has ended. */
export function stateIdentity(pid: number): ProcessIdentity {
  return identityOf(pid) ?? { pid, startTime: '0', bootId: bootId() };
}

/** A container's state; `undefined` when it is not recorded yet, or no more. */
export function readState(root: string, id: string): ContainerState | undefined {
  try {
    return JSON.parse(readFileSync(join(stateDirectory(root, id), STATE_FILES.state), 'utf8'));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The names that are taken, also by containers that have ended and were not swept yet. */
export function takenNames(root: string): string[] {
  const names = join(root, 'names');
  return existsSync(names) ? readdirSync(names) : [];
}

/** The id a name stands for. */
export function idOfName(root: string, name: string): string | undefined {
  try {
    return readlinkSync(join(root, 'names', name));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Ids of the containers whose monitor lives. */
export function livingContainers(root: string): string[] {
  return containerIds(root).filter((id) => isAlive(root, id));
}

/** Ids of all containers that have a directory, living or not. Files beside them are those of a newer version. */
export function containerIds(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'names' && !entry.name.startsWith('.'))
    .map(({ name }) => name);
}

/** Whether a container's monitor lives, and with it the container. */
export function isAlive(root: string, id: string): boolean {
  return withLock(root, id, () => undefined) === 'held';
}

/** Whether a container is only being made: its directory has not got its name yet. */
export function isUnfinished(root: string, id: string): boolean {
  return existsSync(join(root, `.${id}`));
}

/** Runs `work` when nobody holds the container's lock; says whether somebody does. */
export function withLock(root: string, id: string, work: () => void): 'held' | 'free' {
  let fd: number;
  try {
    fd = openSync(join(stateDirectory(root, id), STATE_FILES.lock), constants.O_RDWR);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    work();
    return 'free';
  }
  try {
    if (!tryLock(fd)) return 'held';
    work();
    return 'free';
  } finally {
    closeSync(fd);
  }
}
