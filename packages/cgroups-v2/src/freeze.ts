import { dirname } from 'node:path';
import { type DoorOptions, readValue, type WaitOptions, waitFor, writeValue } from '@coracle/cgroups-core';
import { isErrno, SystemError } from '@coracle/errors';
import { eventSource } from './event-source.ts';

/** How the files are reached, and how long to wait. */
export type FreezeOptions = WaitOptions & DoorOptions;

/**
 * Freezes a group of version 2 and waits until the kernel tells that all stand still. Given up, the group is thawed.
 * @throws SystemError EOPNOTSUPP before Linux 5.2; ENOENT when the group is gone; the reason of `signal`
 * @see the kernel's admin-guide/cgroup-v2, "cgroup.freeze"
 * @example
 * await freeze('/sys/fs/cgroup/box', { signal: AbortSignal.timeout(5000) });
 */
export async function freeze(directory: string, { signal, ...door }: FreezeOptions = {}): Promise<void> {
  signal?.throwIfAborted();
  setFrozen(directory, '1', { syscall: 'freeze', door });
  try {
    await untilFrozen(directory, true, signal);
  } catch (error) {
    letGo(directory, door, error);
    throw error;
  }
}

/**
 * Thaws a group of version 2; groups below that were frozen by themselves stay so.
 * @throws SystemError EBUSY naming the group above that is frozen and keeps this one so; EOPNOTSUPP, ENOENT as {@link freeze}
 * @example
 * await thaw('/sys/fs/cgroup/box');
 */
export async function thaw(directory: string, { signal, ...door }: FreezeOptions = {}): Promise<void> {
  setFrozen(directory, '0', { syscall: 'thaw', door });
  const above = frozenAbove(directory);
  if (above !== undefined) {
    throw new SystemError({
      code: 'EBUSY',
      syscall: 'thaw',
      path: directory,
      text: `the group above, ${above}, is frozen, and keeps it so`,
      hint: `thaw that first: echo 0 > ${above}/cgroup.freeze`,
    });
  }
  await untilFrozen(directory, false, signal);
}

async function untilFrozen(directory: string, frozen: boolean, signal: AbortSignal | undefined): Promise<void> {
  const state = await waitFor(eventSource(directory), (state) => state.frozen === frozen, signal ? { signal } : {});
  if (state !== undefined) return;
  const text = `the group ${directory} was removed meanwhile`;
  throw new SystemError({ code: 'ENOENT', syscall: frozen ? 'freeze' : 'thaw', path: directory, text });
}

function setFrozen(
  directory: string,
  value: '0' | '1',
  { syscall, door }: { syscall: string; door: DoorOptions },
): void {
  try {
    writeValue(`${directory}/cgroup.freeze`, value, door);
  } catch (cause) {
    const isOld = isErrno(cause, 'ENOENT') && readValue(`${directory}/cgroup.procs`) !== undefined;
    if (!isOld) throw cause;
    throw new SystemError({
      code: 'EOPNOTSUPP',
      syscall,
      path: directory,
      text: 'this kernel cannot freeze a group of version 2',
      hint: 'Linux 5.2 and newer can; or stop each process with SIGSTOP',
      cause,
    });
  }
}

/** The closest group above that is frozen by itself. */
function frozenAbove(directory: string): string | undefined {
  for (let at = dirname(directory); ; at = dirname(at)) {
    const text = readValue(`${at}/cgroup.freeze`);
    // The top of the tree has no such file.
    if (text === undefined) return undefined;
    if (text.trim() === '1') return at;
  }
}

/** What could not be frozen does not stay half frozen. */
function letGo(directory: string, door: DoorOptions, error: unknown): void {
  try {
    writeValue(`${directory}/cgroup.freeze`, '0', door);
  } catch (failure) {
    if (error instanceof SystemError) error.suppressed.push(failure);
  }
}
