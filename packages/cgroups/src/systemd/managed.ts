import { posix } from 'node:path';
import { checkName, type Resources } from '@coracle/cgroups-core';
import { isErrno, SystemError } from '@coracle/errors';
import { create } from '../create.ts';
import { theseFacts } from '../facts.ts';
import { controllersOf } from './controllers.ts';
import { controlGroup, startUnit, stopUnit } from './jobs.ts';
import { isLeftToSystemd, type ManagedGroup, type ManagedOptions, type OpenedGroup } from './managed-group.ts';
import { ofFiles } from './of-files.ts';
import { ofSystemd, withBus } from './of-systemd.ts';
import { planProperties } from './properties.ts';
import { sliceOf } from './slice-name.ts';
import { unitGroup, versionOf } from './unit-group.ts';

/** See `createManaged` of the package. */
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
  const version = versionOf(facts);
  planProperties(resources, mode, { version }); // what systemd can never do is told before it is asked
  const { path, leftOut } = await withBus(options, async (bus) => {
    const controllers = await controllersOf(bus, facts);
    const { properties, leftOut } = planProperties(resources, mode, { version, controllers });
    try {
      await startUnit(bus, unit, { properties, ...(signal ? { signal } : {}) });
    } catch (error) {
      throw isErrno(error, 'EEXIST') ? taken(unit, error) : error;
    }
    try {
      return { path: await controlGroup(bus, unit), leftOut };
    } catch (error) {
      await stopUnit(bus, unit);
      throw error;
    }
  });
  return ofSystemd({ unit, path, facts }, options, leftOut);
}

/** See `openManaged` of the package. */
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
