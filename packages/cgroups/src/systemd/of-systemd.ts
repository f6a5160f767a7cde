import { randomBytes } from 'node:crypto';
import { checkId, type Group, type LeftOut, type WaitOptions } from '@coracle/cgroups-core';
import { SystemError } from '@coracle/errors';
import type { Facts } from '../facts.ts';
import { type Bus, openBus, SYSTEM_BUS } from './bus.ts';
import { controllersOf } from './controllers.ts';
import { setProperties, startUnit, stopUnit } from './jobs.ts';
import type { ManagedGroup, ManagedOptions } from './managed-group.ts';
import { planProperties } from './properties.ts';
import type { Property } from './property.ts';
import { unitGroup, versionOf } from './unit-group.ts';
import { attachToUnit } from './units.ts';

/** A unit, and where it is. */
export interface FoundUnit {
  unit: string;
  /** Of its group, from the top of the tree. */
  path: string;
  facts: Facts;
}

/** A unit as a group: limits and life through systemd, all else through the files. */
export function ofSystemd(
  { unit, path, facts }: FoundUnit,
  options: ManagedOptions,
  leftOut: readonly LeftOut[] = [],
): ManagedGroup {
  // Each time as it lies now: on version 1 systemd makes directories as limits need them.
  const now = (): Group => unitGroup(path, facts);
  const there = (): Group => {
    const group = now();
    if (group.directories.length > 0) return group;
    throw new SystemError({ code: 'ENOENT', syscall: 'open', path: unit, text: 'the unit has no group', hint: GONE });
  };
  const remove = async (wait?: WaitOptions): Promise<void> =>
    await withBus(options, (bus) => stopUnit(bus, unit, wait));
  return {
    manager: 'systemd',
    unit,
    leftOut,
    get directories() {
      return now().directories;
    },
    async update(resources, { mode } = {}) {
      // A slice that was stopped has no group, and systemd would take limits for the next one of its name.
      there();
      return await withBus(options, async (bus) => {
        const controllers = await controllersOf(bus, facts);
        const { properties, leftOut } = planProperties(resources, mode, { version: versionOf(facts), controllers });
        await setProperties(bus, unit, properties);
        return leftOut;
      });
    },
    async add(pid) {
      // Nor is it to come to life again, without its limits.
      checkId(pid, there().directories[0] ?? '');
      await withBus(options, (bus) => addTo(bus, unit, pid));
    },
    commandInside: (command) => beginInside(unit, command, options),
    stats: (wanted) => now().stats(wanted),
    events: (options) => there().events(options),
    processes: () => now().processes(),
    threads: () => now().threads(),
    freeze: async (options) => await there().freeze(options),
    thaw: async (options) => await there().thaw(options),
    killAll: async (options) => await now().killAll(options),
    async delete(wait) {
      const pids = now().processes();
      if (pids.length > 0) throw crowded(unit, pids);
      await remove(wait);
    },
    async [Symbol.asyncDispose]() {
      await now().killAll();
      await remove();
    },
  };
}

/** A connection for one conversation: none is left that would keep the caller's process alive. */
export async function withBus<Answer>(options: ManagedOptions, talk: (bus: Bus) => Promise<Answer>): Promise<Answer> {
  const bus = await openBus(options.bus ?? (isUsers(options) ? userBus() : SYSTEM_BUS));
  try {
    return await talk(bus);
  } finally {
    bus[Symbol.dispose]();
  }
}

function isUsers({ user = process.geteuid?.() !== 0 }: ManagedOptions): boolean {
  return user;
}

function userBus(): string {
  return `unix:path=${runtimeDirectory()}/bus`;
}

function runtimeDirectory(): string {
  return `/run/user/${process.geteuid?.()}`;
}

/** Slices have no processes of their own; a scope takes more of them. */
async function addTo(bus: Bus, unit: string, pid: number): Promise<void> {
  if (!unit.endsWith('.slice')) {
    await attachToUnit(bus, unit, { pid });
    return;
  }
  const scope = `${unit.slice(0, -'.slice'.length)}-${pid}-${randomBytes(4).toString('hex')}.scope`;
  const properties: Property[] = [
    ['PIDs', ['au', [pid]]],
    ['Slice', ['s', unit]],
    ['CollectMode', ['s', 'inactive-or-failed']],
  ];
  await startUnit(bus, scope, { properties });
}

/**
 * systemd's own program makes a scope for itself and then becomes the command, by way of a shell: a command that is not there then
 * ends with the same codes as in a group of files.
 */
function beginInside(
  unit: string,
  command: readonly [string, ...string[]],
  options: ManagedOptions,
): [string, ...string[]] {
  if (!unit.endsWith('.slice')) throw noSlice(unit);
  return [
    ...systemdRun(options),
    ...['--scope', '--quiet', '--collect', `--slice=${unit}`, '--', '/bin/sh', '-c', 'exec "$@"', 'sh'],
    ...command,
  ];
}

/** Who came by su or cron lacks the variable by which it finds the user's systemd, which may be there all the same. */
function systemdRun(options: ManagedOptions): [string, ...string[]] {
  if (!isUsers(options)) return ['systemd-run'];
  const run: [string, ...string[]] = ['systemd-run', '--user'];
  return options.bus === undefined ? ['env', `XDG_RUNTIME_DIR=${runtimeDirectory()}`, ...run] : run;
}

const GONE = 'it was stopped, or has never been made';

function noSlice(path: string): SystemError {
  return new SystemError({
    code: 'EOPNOTSUPP',
    syscall: 'systemd-run',
    path,
    text: 'systemd starts no further command in a scope or a service',
    hint: 'start it yourself and add() its process',
  });
}

function crowded(path: string, pids: readonly number[]): SystemError {
  return new SystemError({
    code: 'EBUSY',
    syscall: 'StopUnit',
    path,
    text: `processes live there (${pids.slice(0, 10).join(', ')}${pids.length > 10 ? ' and more' : ''})`,
    hint: 'killAll() first',
  });
}
