import type { Group, LeftOut } from '@coracle/cgroups-core';
import { commandInside } from '../command-inside.ts';
import type { ManagedGroup } from './managed-group.ts';

/** A group that is kept by its files, in the clothes of one that systemd keeps. */
export function ofFiles(group: Group, leftOut: readonly LeftOut[] = []): ManagedGroup {
  return {
    manager: 'files',
    unit: undefined,
    leftOut,
    directories: group.directories,
    update: async (resources, options) => group.update(resources, options),
    add: async (pid) => group.add(pid),
    commandInside: (command) => commandInside(group, command),
    stats: (wanted) => group.stats(wanted),
    events: (options) => group.events(options),
    processes: () => group.processes(),
    threads: () => group.threads(),
    freeze: (options) => group.freeze(options),
    thaw: (options) => group.thaw(options),
    killAll: (options) => group.killAll(options),
    delete: (options) => group.delete(options),
    [Symbol.asyncDispose]: () => group[Symbol.asyncDispose](),
  };
}
