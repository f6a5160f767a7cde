import { rmdirSync } from 'node:fs';
import { isErrno, SystemError } from '@coracle/errors';
import { OCI_VERSION } from '@coracle/oci-spec';
import { SIGKILL } from '@coracle/syscalls';
import { signalProcess } from '../signal-process.ts';
import { awaitEnd } from './await-end.ts';
import { endGroupOf } from './end-group-of.ts';
import { letDie } from './freezer.ts';
import { HookError } from './hook-error.ts';
import { runHooks } from './hooks.ts';
import { openProcess } from './kill.ts';
import { type ContainerRecord, stateOf } from './record.ts';
import { statusOf } from './status.ts';
import type { Held, Store } from './store.ts';

/** How a container is removed. */
export interface RemoveOptions {
  /** Ends it when it still runs, and takes it for no failure when it is not there. */
  force?: boolean;
  /** Is told of hooks that failed: the container is removed all the same. */
  onHookFailure?: (error: Error) => void;
  /** With `force`, is told of a record that is damaged: the container is forgotten, and of its processes nothing is known. */
  onDamaged?: (error: unknown) => void;
}

/**
 * Removes all that was made for a container: its cgroup, its class of service, what is kept of it. One that was created and not
 * started is ended first. Then the `poststop` hooks run, once.
 * @throws SystemError ENOENT when there is no such container, EBUSY when it still runs, EBADMSG when what is kept of it is damaged, unless
 *   with `force`
 * @example
 * await remove(new Store('/run/coracle-oci'), 'web', { force: true });
 */
export async function remove(store: Store, id: string, options: RemoveOptions = {}): Promise<void> {
  const { force = false } = options;
  let held: Held;
  try {
    held = await store.hold(id);
  } catch (error) {
    if (force && isErrno(error, 'ENOENT')) return;
    throw error;
  }
  using _ = held;
  const record = readOrForget(store, id, options);
  // A create that was killed before it did anything.
  if (!record) return store.remove(held);
  const status = record.stage === 'creating' ? 'stopped' : statusOf(store, record);
  if (!force && status !== 'stopped' && status !== 'created') throw stillRuns(id, status);
  await destroy({ store, held, record }, options.onHookFailure);
}

/** What is kept of a container; nothing where it is damaged and to be forgotten nevertheless. */
function readOrForget(
  store: Store,
  id: string,
  { force = false, onDamaged }: RemoveOptions,
): ContainerRecord | undefined {
  try {
    return store.read(id);
  } catch (error) {
    if (!force || !isErrno(error, 'EBADMSG')) throw error;
    onDamaged?.(error);
    return undefined;
  }
}

/**
 * Ends what is left of a container and forgets it. Then the `poststop` hooks run: only once, since nobody finds it any more.
 * @param onHookFailure is told of each that fails; nobody if absent
 */
export async function destroy(
  { store, held, record }: { store: Store; held: Held; record: ContainerRecord },
  onHookFailure?: (error: Error) => void,
): Promise<void> {
  await endAll(record);
  store.remove(held);
  if (record.process) await runPoststop(record, onHookFailure);
}

/** Ends what is left of a container: its first process, with which the kernel ends all others of a pid namespace, and its group. */
async function endAll({ process, cgroups, unit, directories = [] }: ContainerRecord): Promise<void> {
  const pidfd = process && openProcess(process);
  if (pidfd !== undefined) {
    signalProcess(pidfd, SIGKILL);
    await letDie(cgroups);
    if (!(await awaitEnd(pidfd)))
      throw new SystemError({
        code: 'EBUSY',
        syscall: 'kill',
        detail: `pid ${process?.pid}`,
        text: 'the container was killed and does not end',
        hint: 'it may wait for a disk or a network that does not answer; try again',
      });
  }
  // Without a pid namespace of its own there is more to end.
  await endGroupOf({ cgroups, unit });
  removeDirectories(directories);
}

/** Those of the kernel, which are gone with what is in them. */
export function removeDirectories(directories: readonly string[]): void {
  for (const directory of directories) {
    try {
      rmdirSync(directory);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
}

/**
 * Runs the hooks that come after the removal. One that fails does not keep the others from running.
 * @param onFailure is told of each that fails; nobody if absent
 */
export async function runPoststop(record: ContainerRecord, onFailure?: (error: Error) => void): Promise<void> {
  const { poststop = [] } = record.config.hooks ?? {};
  if (poststop.length === 0) return;
  const state = stateOf({ record, status: 'stopped' }, OCI_VERSION);
  for (const [first, hook] of poststop.entries()) {
    try {
      await runHooks([hook], { name: 'poststop', state, first });
    } catch (error) {
      if (!(error instanceof HookError)) throw error;
      onFailure?.(error);
    }
  }
}

function stillRuns(id: string, status: string): SystemError {
  return new SystemError({
    code: 'EBUSY',
    syscall: 'delete',
    path: id,
    text: `cannot delete container that is not stopped: ${status}`,
    hint: `end it first: kill ${id} KILL; or: delete --force ${id}`,
  });
}
