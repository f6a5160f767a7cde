import { posix } from 'node:path';
import { checkName, type Resources } from '@coracle/cgroups-core';
import { isErrno, SystemError } from '@coracle/errors';
import { create } from '../create.ts';
import { theseFacts } from '../facts.ts';
import { controlGroup, startUnit, stopUnit } from './jobs.ts';
import { isLeftToSystemd, type ManagedGroup, type ManagedOptions, type OpenedGroup } from './managed-group.ts';
import { ofFiles } from './of-files.ts';
import { ofSystemd, withBus } from './of-systemd.ts';
import { planProperties } from './properties.ts';
import { sliceOf } from './slice-name.ts';
import { unitGroup, versionOf } from './unit-group.ts';

/**
 * Makes a group with limits, empty as yet, by whoever keeps the groups of this machine. Where systemd is process 1 that is a
 * slice of systemd's, which has it next to its own; everywhere else it is {@link create}, with all that belongs to that.
 * @param name of the group; to systemd `'jobs/build'` is `jobs-build.slice`
 * @throws SystemError as {@link create}; and of systemd's: EEXIST when there is such a slice; EACCES; EOPNOTSUPP for what systemd has
 *   no property for, and where its client is not installed; ENOENT, ECONNREFUSED when it cannot be reached; EIO
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
  const { mode, signal } = options;
  checkName(name);
  if (!isLeftToSystemd(options)) {
    const group = create(name, resources, mode === undefined ? {} : { mode });
    return ofFiles(group, group.leftOut);
  }
  const unit = sliceOf(name);
  const facts = { ...theseFacts(), ...options.facts };
  const { properties, leftOut } = planProperties(resources, mode, { version: versionOf(facts) });
  const path = await withBus(options, async (bus) => {
    try {
      await startUnit(bus, unit, { properties, ...(signal ? { signal } : {}) });
    } catch (error) {
      throw isErrno(error, 'EEXIST') ? taken(unit, error) : error;
    }
    try {
      return await controlGroup(bus, unit);
    } catch (error) {
      await stopUnit(bus, unit);
      throw error;
    }
  });
  return ofSystemd({ unit, path, facts }, options, leftOut);
}

/**
 * Takes up a group that is there, such as one of {@link allGroups}: where systemd is process 1 and the group is one of its units, its
 * limits are changed through systemd, which would otherwise put its own in force again. Who made it ends it.
 * @param path from the top of the tree: `'/system.slice/cron.service'`
 * @throws SystemError ENOENT when there is no such group
 * @example
 * const cron = await openManaged('/system.slice/cron.service');
 * await cron.update({ cpus: 0.2 });
 */
export async function openManaged(path: string, options: ManagedOptions = {}): Promise<OpenedGroup> {
  const facts = { ...theseFacts(), ...options.facts };
  const group = unitGroup(path, facts);
  if (group.directories.length === 0) {
    const hint = 'see /proc/PID/cgroup for the paths of groups, and allGroups()';
    throw new SystemError({ code: 'ENOENT', syscall: 'open', path, text: 'there is no such group', hint });
  }
  const unit = posix.basename(path);
  const isUnit = /\.(slice|scope|service)$/.test(unit);
  if (options.manager === 'systemd' && !isUnit) throw noUnit(path);
  return isUnit && isLeftToSystemd(options) ? ofSystemd({ unit, path, facts }, options) : ofFiles(group);
}

function taken(path: string, cause: unknown): SystemError {
  return new SystemError({
    code: 'EEXIST',
    syscall: 'StartTransientUnit',
    path,
    text: 'systemd has a unit of this name already',
    hint: `take another name; or take it up with openManaged(), by the path that systemctl show -p ControlGroup ${path} says`,
    cause,
  });
}

function noUnit(path: string): SystemError {
  return new SystemError({
    code: 'EINVAL',
    syscall: 'open',
    path,
    text: 'only a slice, scope or service is one of systemd’s',
    hint: "leave out manager: 'systemd', or name the unit above that was delegated",
  });
}
