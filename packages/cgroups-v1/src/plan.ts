import {
  checkLimits,
  type DeviceRuleInput,
  type FileOperation,
  type GroupPlan,
  type Limits,
} from '@coracle/cgroups-core';
import { planCpus } from './cpu.ts';
import { planDevices } from './devices.ts';
import { planMemoryMax } from './memory.ts';
import { planPids } from './pids.ts';
import { directoriesOf, type Place } from './place.ts';
import { statFiles } from './stats.ts';

/**
 * Everything about a group of version 1 as data: nothing is read, nothing is written.
 * @param options `parents`: directories above, from the top on, that are made where they are missing; `devices`: what the
 *   processes may do with devices, as the group above if absent
 * @throws SystemError EINVAL for limits and rules that cannot be meant, ENOENT for one whose controller the place lacks,
 *   EOPNOTSUPP for a rule for devices that version 1 cannot keep
 * @example
 * planCreate({ pids: '/sys/fs/cgroup/pids/box' }, { pids: 20 }).create;
 * // [{ kind: 'mkdir', path: '/sys/fs/cgroup/pids/box', ... }, { kind: 'write', path: '.../pids.max', value: '20', ... }]
 */
export function planCreate(
  place: Place,
  limits: Limits = {},
  { parents = [], devices }: { parents?: readonly string[]; devices?: readonly DeviceRuleInput[] | undefined } = {},
): GroupPlan {
  const directories = directoriesOf(place);
  return {
    create: [
      ...[...parents, ...directories].map((path): FileOperation => ({ kind: 'mkdir', path, why: 'make a cgroup' })),
      ...planLimits(place, limits),
      ...(devices === undefined ? [] : planDevices(devices, place)),
    ],
    directories,
    joinFiles: directories.map((directory) => `${directory}/cgroup.procs`),
    joinDirectory: undefined,
    statFiles: statFiles(place),
  };
}

/**
 * The writes that set limits; for everything else there is {@link planResources}, which a program that needs only these does
 * not load.
 * @throws SystemError EINVAL, ENOENT as {@link planCreate}
 * @example
 * planLimits({ pids: '/sys/fs/cgroup/pids/box' }, { pids: 'max' });
 */
export function planLimits(place: Place, limits: Limits): FileOperation[] {
  checkLimits(limits);
  return [...planPids(limits, place), ...planMemoryMax(limits, place), ...planCpus(limits, place)];
}
