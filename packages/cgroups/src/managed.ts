import type { Resources } from '@coracle/cgroups-core';
import type { ManagedGroup, ManagedOptions, OpenedGroup } from './systemd/managed-group.ts';

/**
 * Makes a group with limits, empty as yet, by whoever keeps the groups of this machine: what to use where it is not known. Where
 * systemd is process 1 that is a slice of systemd's; everywhere else it is {@link create}, with all that belongs to that.
 *
 * systemd is talked to with the package `@homebridge/dbus-native`, which has to be installed beside this one and is loaded only
 * then. Who is not root asks his own systemd, which every session has that he logged in to.
 * @param name of the group; to systemd `'jobs/build'` is `jobs-build.slice`
 * @throws SystemError as {@link create}; and of systemd's: EEXIST when there is such a slice; EACCES; EOPNOTSUPP for what systemd has no
 *   property for, or was not given the controller of, and where its client is not installed; ENOENT, ECONNREFUSED when it cannot be
 *   reached; EIO
 * @see systemd.slice(5), systemd.resource-control(5)
 * @example
 * await using box = await createManaged('box', { pids: 20, memory: '256m' });
 * const [command, ...args] = box.commandInside(['make', 'test']);
 */
export async function createManaged(
  name: string,
  resources: Resources = {},
  options: ManagedOptions = {},
): Promise<ManagedGroup> {
  const managed = await import('./systemd/managed.ts');
  return await managed.createManaged(name, resources, options);
}

/**
 * Takes up a group that is there, such as one of {@link allGroups}: where systemd is process 1 and the group is one of its units, its
 * limits are changed through systemd, which would otherwise put its own in force again. Who made it ends it.
 * @param path from the top of the tree: `'/system.slice/cron.service'`
 * @throws SystemError ENOENT when there is no such group; else as {@link createManaged}
 * @example
 * const cron = await openManaged('/system.slice/cron.service');
 * await cron.update({ cpus: 0.2 });
 */
export async function openManaged(path: string, options: ManagedOptions = {}): Promise<OpenedGroup> {
  const managed = await import('./systemd/managed.ts');
  return await managed.openManaged(path, options);
}
