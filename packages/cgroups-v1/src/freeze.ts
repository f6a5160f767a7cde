import { setTimeout as sleep } from 'node:timers/promises';
import type { WaitOptions } from '@coracle/cgroups-core';
import { SystemError } from '@coracle/errors';
import type { Freezer } from './freezer.ts';

/** Between two looks, in milliseconds. */
const PAUSE_MS = 1;
/** A group that is still FREEZING after so many looks is let go for a moment: what it waits for may be frozen itself. */
const LOOKS = 25;
/** How long it is let go, in milliseconds. */
const BREATH_MS = 10;

/**
 * Freezes a group of version 1. The kernel looks for processes to stop only when the state is written, so that it is written
 * anew until it is no longer FREEZING. Given up, the group is thawed.
 * @throws SystemError ENOENT when the group is gone; the reason of `signal`
 * @example
 * await freeze(freezerAt('/sys/fs/cgroup/freezer/box'), { signal: AbortSignal.timeout(5000) });
 */
export async function freeze(freezer: Freezer, { signal }: WaitOptions = {}): Promise<void> {
  signal?.throwIfAborted();
  try {
    for (let look = 1; !freezeOnce(freezer); look++) {
      if (look % LOOKS === 0) {
        freezer.set('THAWED');
        await sleep(BREATH_MS);
      }
      signal?.throwIfAborted();
      await sleep(PAUSE_MS);
    }
  } catch (error) {
    letGo(freezer, error);
    throw error;
  }
}

/** Whether all stand still after it was asked for once more. */
function freezeOnce(freezer: Freezer): boolean {
  freezer.set('FROZEN');
  return freezer.state() === 'FROZEN';
}

/**
 * Freezes as {@link freeze}, but without waiting: tries for a moment, thaws once in between, and leaves it FREEZING if it does
 * not settle.
 * @example
 * freezeBriefly(freezerAt('/sys/fs/cgroup/freezer/box'));
 */
export function freezeBriefly(freezer: Freezer): void {
  for (let look = 1; look <= 2 * LOOKS && !freezeOnce(freezer); look++) {
    if (look === LOOKS) freezer.set('THAWED');
  }
}

/**
 * Thaws a group of version 1; groups below that were frozen by themselves stay so.
 * @throws SystemError EBUSY when a group above is frozen and keeps this one so; ENOENT when the group is gone; the reason of
 *   `signal`
 * @example
 * await thaw(freezerAt('/sys/fs/cgroup/freezer/box'));
 */
export async function thaw(freezer: Freezer, { signal }: WaitOptions = {}): Promise<void> {
  freezer.set('THAWED');
  while (freezer.state() !== 'THAWED') {
    if (freezer.isFrozenAbove()) throw frozenAbove(freezer.directory);
    signal?.throwIfAborted();
    await sleep(PAUSE_MS);
  }
}

/** What could not be frozen does not stay half frozen. */
function letGo(freezer: Freezer, error: unknown): void {
  try {
    freezer.set('THAWED');
  } catch (failure) {
    if (error instanceof SystemError) error.suppressed.push(failure);
  }
}

function frozenAbove(directory: string): SystemError {
  return new SystemError({
    code: 'EBUSY',
    syscall: 'thaw',
    path: directory,
    text: 'a group above it is frozen, and keeps it so',
    hint: 'thaw that first: the freezer.self_freezing of the groups above shows which',
  });
}
