import { existsSync } from 'node:fs';
import type { Group, LeftOut, Mode, Resources, UpdateOptions, WaitOptions } from '@coracle/cgroups-core';
import type { Facts } from '../facts.ts';
import { isSystemd } from '../survey.ts';

/** Who makes a group and keeps its limits: systemd, through D-Bus, or the caller, through the kernel's files. */
export type Manager = 'systemd' | 'files';

/** How to make a group, or take one up, on whichever manager the machine has. */
export interface ManagedOptions extends WaitOptions {
  /** `'auto'`, or absent: systemd where it is process 1, else files. */
  manager?: Manager | 'auto';
  /** `'best-effort'` leaves out what the manager cannot do; otherwise that is an error. */
  mode?: Mode;
  /** Whether it is the caller's own systemd (`systemd --user`) and not the machine's; if absent, as long as the caller is not root. */
  user?: boolean;
  /** The address of systemd's message bus; the machine's, or that of the user, if absent. */
  bus?: string;
  /** Where cgroups are mounted, as for {@link detect}. */
  facts?: Pick<Facts, 'mountinfo'>;
}

/**
 * A group that somebody else may keep: as {@link Group}, but what systemd does takes a moment, and where it is systemd's there is no
 * adding of single threads.
 */
export interface OpenedGroup
  extends Pick<Group, 'directories' | 'stats' | 'events' | 'processes' | 'threads' | 'freeze' | 'thaw' | 'killAll'> {
  readonly manager: Manager;
  /** The unit that it is to systemd. */
  readonly unit: string | undefined;
  /** As of {@link Group}; systemd takes all or nothing too. */
  update(resources: Resources, options?: UpdateOptions): Promise<LeftOut[]>;
  /** As of {@link Group}. In a slice of systemd's each process that is added gets a scope of its own. */
  add(pid: number): Promise<void>;
  /** A command that begins inside the group, with all it ever starts; for `spawn`. */
  commandInside(command: readonly [string, ...string[]]): [string, ...string[]];
}

/**
 * A group of the caller's own, which it ends.
 * @example
 * async function limited(command: [string, ...string[]]): Promise<void> {
 *   await using box = await createManaged('box', { memory: '256m' });
 *   const [program, ...args] = box.commandInside(command);
 *   await once(spawn(program, args, { stdio: 'inherit' }), 'exit');
 * }
 */
export interface ManagedGroup extends OpenedGroup, AsyncDisposable {
  /** What was asked for and is not in force; only the mode `'best-effort'` leaves anything out. */
  readonly leftOut: readonly LeftOut[];
  /** As of {@link Group}. @throws SystemError EBUSY naming the processes that live there */
  delete(options?: WaitOptions): Promise<void>;
}

/** Whether a group is to be systemd's. */
export function isLeftToSystemd({ manager = 'auto' }: ManagedOptions): boolean {
  return manager === 'systemd' || (manager === 'auto' && isSystemd({ exists: existsSync }));
}
