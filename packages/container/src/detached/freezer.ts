import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno, SystemError } from '@coracle/errors';

/** The file by which a group is stopped, on either version of cgroups, and what is written to it. */
interface Freezer {
  file: string;
  frozen: string;
  thawed: string;
  /** Whether all its processes stand still. */
  isFrozen(): boolean;
}

/** Between two looks, in milliseconds. */
const PAUSE_MS = 2;
/** A group of version 1 that does not settle is let go for a moment after so many looks: what it waits for may stand still itself. */
const LOOKS = 25;
/** How long it may take altogether. */
const PATIENCE_MS = 10_000;

function freezerOf(cgroups: readonly string[]): Freezer | undefined {
  for (const directory of cgroups) {
    const v1 = join(directory, 'freezer.state');
    if (existsSync(v1))
      return { file: v1, frozen: 'FROZEN', thawed: 'THAWED', isFrozen: () => textOf(v1).trim() === 'FROZEN' };
    const v2 = join(directory, 'cgroup.freeze');
    const events = join(directory, 'cgroup.events');
    if (existsSync(v2))
      return { file: v2, frozen: '1', thawed: '0', isFrozen: () => /^frozen 1$/m.test(textOf(events)) };
  }
  return undefined;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV')) return '';
    throw error;
  }
}

/** Whether the processes of a container's groups were stopped by {@link freeze}. */
export function isFrozen(cgroups: readonly string[]): boolean {
  return freezerOf(cgroups)?.isFrozen() ?? false;
}

/**
 * Stops all processes of a container until {@link thaw}; resolves when they stand still.
 * @throws SystemError EOPNOTSUPP without a group that can be frozen; ETIMEDOUT when a process cannot be stopped: all go on then
 * @see the kernel's admin-guide/cgroup-v1/freezer-subsystem, and cgroup-v2 "cgroup.freeze"
 */
export async function freeze(cgroups: readonly string[]): Promise<void> {
  const freezer = demand(cgroups, 'pause');
  const end = Date.now() + PATIENCE_MS;
  for (let look = 1; ; look++) {
    // The kernel of version 1 looks for processes to stop only when it is told to.
    writeFileSync(freezer.file, freezer.frozen);
    if (freezer.isFrozen()) return;
    if (Date.now() > end) break;
    await sleep(PAUSE_MS);
    if (look % LOOKS === 0) writeFileSync(freezer.file, freezer.thawed);
  }
  writeFileSync(freezer.file, freezer.thawed);
  throw new SystemError({
    code: 'ETIMEDOUT',
    syscall: 'pause',
    path: freezer.file,
    text: 'its processes do not stop',
    hint: 'one of them may wait for a disk or a network that does not answer',
  });
}

/**
 * Lets the processes of a container go on.
 * @throws SystemError EOPNOTSUPP without a group that can be frozen
 */
export function thaw(cgroups: readonly string[]): void {
  const freezer = demand(cgroups, 'resume');
  writeFileSync(freezer.file, freezer.thawed);
}

/** As {@link thaw}, for a container that is to end whether it was paused or not. */
export function thawIfAny(cgroups: readonly string[]): void {
  const freezer = freezerOf(cgroups);
  if (freezer) writeFileSync(freezer.file, freezer.thawed);
}

function demand(cgroups: readonly string[], verb: string): Freezer {
  const freezer = freezerOf(cgroups);
  if (freezer) return freezer;
  throw new SystemError({
    code: 'EOPNOTSUPP',
    syscall: verb,
    text: 'the container has no cgroup that can be frozen',
    hint: 'be root, or have a group of version 2 delegated to you; version 1 needs the controller freezer',
  });
}
