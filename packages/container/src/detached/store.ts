import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno, SystemError } from '@coracle/errors';
import { tryLock } from '@coracle/syscalls';
import { makeDirectories } from '../state/make-directories.ts';
import { checkRoot } from './check-root.ts';
import { checkId } from './container-id.ts';
import { parseRecord } from './read-record.ts';
import type { ContainerRecord } from './record.ts';

const LOCK = 'lock';
const RECORD = 'state.json';
/** Between the id and a number, in the name of a directory that is being removed; no id has it. */
const REMOVED = '~';
/** How long another command on the same container is waited for, and how often it is looked. */
const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 5;

/** The lock of a container: who has it is the only one to change it. The kernel lets go of it when its holder dies. */
export interface Held extends Disposable {
  /** The directory of the container. */
  directory: string;
}

/**
 * The containers of a state root: a directory for each, private to the user.
 * @example
 * const store = new Store('/run/coracle-oci');
 * for (const id of store.ids()) console.log(id);
 */
export class Store {
  readonly root: string;

  /** @throws SystemError EPERM when the root belongs to another user, or everybody can write it: nothing in it is believed */
  constructor(root: string) {
    this.root = root;
    this.isThere();
  }

  /**
   * Whether there is a directory for containers; the first `create` makes it.
   * @throws SystemError as the constructor
   */
  isThere(): boolean {
    return checkRoot(this.root, process.geteuid?.() ?? 0);
  }

  /**
   * The directory of a container, there or not.
   * @throws SystemError EINVAL for what cannot be an id
   */
  directory(id: string): string {
    checkId(id);
    return join(this.root, id);
  }

  /** The ids of all containers that have a directory. */
  ids(): string[] {
    try {
      return readdirSync(this.root, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.includes(REMOVED))
        .map(({ name }) => name);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }

  /**
   * Makes the directory of a new container and holds its lock.
   * @throws SystemError EEXIST when the id is taken
   */
  async claim(id: string): Promise<Held> {
    const directory = this.directory(id);
    makeDirectories(this.root);
    // Another user may have made it since it was looked for.
    this.isThere();
    try {
      mkdirSync(directory, { mode: 0o700 });
    } catch (cause) {
      if (!isErrno(cause, 'EEXIST')) throw cause;
      throw taken(id, { left: this.#wasLeft(id), cause });
    }
    return this.#holdNew(id);
  }

  /** Between the making of a directory and its lock there is a moment for others. */
  async #holdNew(id: string): Promise<Held> {
    let held: Held;
    try {
      held = await this.hold(id);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      return this.claim(id); // removed by who found nothing in it
    }
    if (!this.read(id)) return held;
    held[Symbol.dispose]();
    throw taken(id, { left: false }); // removed, and made anew by another create
  }

  /** Whether a `create` was killed before there was a container. */
  #wasLeft(id: string): boolean {
    try {
      return this.read(id)?.stage !== 'created' && !this.isHeld(id);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false; // it was deleted meanwhile
      throw error;
    }
  }

  /**
   * Holds the lock of a container, as soon as no other command does.
   * @throws SystemError ENOENT when there is no such container, or no more; EBUSY when another command takes too long
   */
  async hold(id: string, { patienceMs = PATIENCE_MS }: { patienceMs?: number } = {}): Promise<Held> {
    const directory = this.directory(id);
    const end = Date.now() + patienceMs;
    do {
      const held = this.#take(directory);
      if (held) return held;
      await sleep(LOOK_EVERY_MS);
    } while (Date.now() < end);
    throw busy(id);
  }

  /** Whether a command works on a container at this moment. */
  isHeld(id: string): boolean {
    try {
      const held = this.#take(this.directory(id));
      held?.[Symbol.dispose]();
      return held === undefined;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }

  #take(directory: string): Held | undefined {
    let fd: number;
    try {
      fd = openSync(join(directory, LOCK), constants.O_RDWR | constants.O_CREAT, 0o600);
    } catch (cause) {
      if (isErrno(cause, 'ENOENT', 'ENOTDIR')) throw noSuchContainer(directory, cause);
      throw cause;
    }
    try {
      if (tryLock(fd)) {
        // It may be that of a container that was deleted since it was opened.
        if (statSync(join(directory, LOCK), { throwIfNoEntry: false })?.ino !== fstatSync(fd).ino)
          throw noSuchContainer(directory);
        return { directory, [Symbol.dispose]: () => closeSync(fd) };
      }
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
    return undefined;
  }

  /**
   * What is kept of a container.
   * @returns `undefined` while there is only its directory; also where the machine crashed before what was kept came to the disk
   * @throws SystemError ENOENT when there is no such container, EBADMSG when what was kept is damaged
   */
  read(id: string): ContainerRecord | undefined {
    const directory = this.directory(id);
    const path = join(directory, RECORD);
    try {
      const text = readFileSync(path, 'utf8');
      return text === '' ? undefined : parseRecord(text, { id, path });
    } catch (cause) {
      if (!isErrno(cause, 'ENOENT')) throw cause;
      if (!statSync(directory, { throwIfNoEntry: false })) throw noSuchContainer(directory, cause);
      return undefined;
    }
  }

  /** Keeps it in one piece: readers see what was there before, or all of this. */
  write(held: Held, record: ContainerRecord): void {
    writeWhole(join(held.directory, RECORD), JSON.stringify(record));
  }

  /** Forgets a container, and what is left of those of its name that were being forgotten. */
  remove({ directory }: Held): void {
    // In one piece: who waits for the lock must find all of it or nothing.
    renameSync(directory, `${directory}${REMOVED}${process.pid}`);
    const beginning = `${basename(directory)}${REMOVED}`;
    for (const name of readdirSync(this.root)) if (name.startsWith(beginning)) removeWithFiles(join(this.root, name));
  }
}

/** There are files in it and nothing else; `rmSync` alone would do, but Node has to fetch the code for it first. */
function removeWithFiles(directory: string): void {
  try {
    for (const name of readdirSync(directory)) unlinkSync(join(directory, name));
    rmdirSync(directory);
  } catch {
    // Somebody else removes it as well, or has put something in it.
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Writes a file in one piece: readers see all its text or what was there before. It is not made sure of on the disk, which would take
 * longer than all else that a command does: after a crash of the machine there is no process that it could tell of.
 * @see rename(2)
 * @example
 * writeWhole('/run/box.pid', '4711');
 */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  const next = `${path}.${process.pid}.next`;
  const fd = openSync(next, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, mode);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
  renameSync(next, path);
}

function noSuchContainer(directory: string, cause?: unknown): SystemError {
  return new SystemError({
    code: 'ENOENT',
    syscall: 'open',
    path: directory,
    text: 'container does not exist',
    hint: '`list` shows those of this --root',
    ...(cause === undefined ? {} : { cause }),
  });
}

function taken(id: string, { left, cause }: { left: boolean; cause?: unknown }): SystemError {
  return new SystemError({
    code: 'EEXIST',
    syscall: 'create',
    path: id,
    text: left
      ? 'container with given ID already exists: what is left of a create that was killed before it was one'
      : 'container with given ID already exists',
    hint: left
      ? `remove what is left: delete --force ${id}`
      : `choose another id, or remove it first: delete --force ${id}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

function busy(id: string): SystemError {
  return new SystemError({
    code: 'EBUSY',
    syscall: 'flock',
    path: id,
    text: 'another command works on the container',
    hint: 'try again when it has ended',
  });
}
