import { existsSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '@coracle/errors';
import {
  containerIds,
  idOfName,
  isAlive,
  isUnfinished,
  STATE_FILES,
  stateDirectory,
  takenNames,
  withLock,
} from './state.ts';

/** Deletes one cgroup directory with all in it, and says whether it is gone. */
type RemoveCgroup = (directory: string) => boolean;

/** How long a directory that is being made may stay unfinished, in milliseconds. */
const UNFINISHED_MS = 60_000;

/** So many are looked at in one start: where a thousand live, to look at all would take half as long as the start of a command. */
const IN_A_START = 64;

/**
 * Removes what containers left behind whose monitor was killed: their cgroups, their directory, their name.
 * The monitor of a living container holds its lock, so nothing of it is touched. A cgroup that is still busy, as while its
 * processes die, is left to the next sweep, and so is what tells of it.
 * @returns the ids that were removed
 */
export function sweep(root: string, removeCgroup: RemoveCgroup): string[] {
  const removed = removeLeft(root, containerIds(root), removeCgroup);
  removeUnfinished(root);
  removeStaleNames(root, takenNames(root));
  return removed;
}

/** The same a little at a time, for a process that starts containers: each start goes on where the one before has ended. */
export class Sweeping {
  readonly #root: string;
  #ids: string[] | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** Looks at the next few of those that were there at the first call; costs nothing when all were looked at. */
  goOn(removeCgroup: RemoveCgroup): void {
    if (this.#ids?.length === 0) return;
    const isFirst = this.#ids === undefined;
    this.#ids ??= anyOrder(containerIds(this.#root));
    removeLeft(this.#root, this.#ids.splice(0, IN_A_START), removeCgroup);
    if (!isFirst) return;
    removeUnfinished(this.#root);
    removeStaleNames(this.#root, some(takenNames(this.#root)));
  }
}

/** Whether there seems to be nothing to {@link sweep}: some of what is there is looked at, and belongs to containers that live. */
export function isSwept(root: string): boolean {
  if (readdirSync(root).some((name) => name.startsWith('.'))) return false;
  const isTaken = (name: string): boolean => existsSync(stateDirectory(root, idOfName(root, name) ?? '.'));
  return some(containerIds(root)).every((id) => isAlive(root, id)) && some(takenNames(root)).every(isTaken);
}

/** As many as are looked at in a start, others each time: who starts containers one after the other comes across all. */
function some(all: readonly string[]): readonly string[] {
  return anyOrder(all).slice(0, IN_A_START);
}

/** Begins anywhere. */
function anyOrder(all: readonly string[]): string[] {
  const from = all.length > IN_A_START ? Math.floor(Math.random() * all.length) : 0;
  return [...all.slice(from), ...all.slice(0, from)];
}

function removeLeft(root: string, ids: readonly string[], removeCgroup: RemoveCgroup): string[] {
  const removed: string[] = [];
  for (const id of ids) {
    withLock(root, id, () => {
      const busy = leftCgroups(root, id).filter((directory) => !removeCgroup(directory));
      if (busy.length > 0) return;
      rmSync(stateDirectory(root, id), { recursive: true, force: true });
      removed.push(id);
    });
  }
  return removed;
}

function leftCgroups(root: string, id: string): string[] {
  try {
    return readFileSync(join(stateDirectory(root, id), STATE_FILES.cgroups), 'utf8')
      .split('\n')
      .filter(Boolean);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function removeUnfinished(root: string): void {
  if (!existsSync(root)) return;
  for (const name of readdirSync(root)) {
    if (!name.startsWith('.')) continue;
    const path = join(root, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats && Date.now() - stats.mtimeMs > UNFINISHED_MS) rmSync(path, { recursive: true, force: true });
  }
}

function removeStaleNames(root: string, names: readonly string[]): void {
  for (const name of names) {
    const id = idOfName(root, name);
    if (id !== undefined && !existsSync(stateDirectory(root, id)) && !isUnfinished(root, id))
      unlinkSync(join(root, 'names', name));
  }
}
