import {
  checkDeviceRules,
  checkLimits,
  checkName,
  type DeviceRuleInput,
  type GroupPlan,
  type Limits,
  limitedResources,
  memoryLimits,
  type ReadFile,
  type Resource,
  readValue,
  type Stats,
  withoutSwap,
} from '@coracle/cgroups-core';
import {
  directoriesOf,
  type Place as PlaceV1,
  parseStats as parseV1,
  planCpusetStart,
  planCreate as planV1,
} from '@coracle/cgroups-v1';
import {
  type DeviceProgram,
  parseStats as parseV2,
  planDevices as planDevicesV2,
  planCreate as planV2,
} from '@coracle/cgroups-v2';
import { SystemError } from '@coracle/errors';
import type { Availability } from './availability.ts';
import { detect, type Machine } from './detect.ts';
import { mergeStats } from './merge-stats.ts';

/** A group thought through: what to do, and how to read its numbers afterwards. */
export interface PlannedGroup extends GroupPlan {
  /** Where it lies; `'hybrid'` is in both, each with a part of the limits. */
  version: 'v1' | 'v2' | 'hybrid';
  /** Makes numbers of the texts of `statFiles`, by path. */
  parseStats(texts: ReadonlyMap<string, string>): Stats;
  /**
   * To be loaded and attached after `create`, before a process joins: rules for devices on version 2. On version 1 they are
   * among the writes.
   */
  deviceProgram: DeviceProgram | undefined;
}

/** What of a group to plan, and where. */
export interface GroupRequest {
  /** {@link detect} if absent. */
  machine?: Machine;
  /** Of directories below the caller's own group: `'coracle/box'`. */
  name: string;
  /** No limits if absent. */
  limits?: Limits;
  /** What the processes may do with devices; as the group above if absent. An empty list denies all. */
  devices?: readonly DeviceRuleInput[] | undefined;
}

/** What is counted where nothing is limited. */
const COUNTED = ['cpu', 'memory', 'pids'];

/**
 * Plans a group on whichever version the machine has; nothing is written, and of files only those are read that say which
 * processors the groups above have. Where one version has the controller of one limit and the other that of another, the group
 * lies in both. On version 1 one that limits memory or processors lies in the hierarchy of cpuset as well: where the JVM misses
 * any of memory, cpu, cpuacct and cpuset, it takes the whole machine for its own.
 * @returns `undefined` when the machine has no group the caller could use and neither limits nor rules are asked for
 * @throws SystemError EINVAL for limits and rules that cannot be meant and for a name that leads elsewhere; EOPNOTSUPP for a
 *   limit or rules that cannot be had here, with the reason and the remedy
 * @example
 * plan({ name: 'box', limits: { pids: 20 } })?.directories;
 */
export function plan({ machine = detect(), ...request }: GroupRequest): PlannedGroup | undefined {
  const { name, limits, devices } = checked(request, machine);
  const on = (version: 'v1' | 'v2'): Part => ({
    limits: pick(
      limits,
      limitedResources(limits).filter((resource) => machine.resources[resource].version === version),
    ),
    devices: machine.devices.version === version ? devices : undefined,
  });
  const [partV1, partV2] = [on('v1'), on('v2')];
  const hasV1 = Object.keys(withoutDevices(machine.v1)).length > 0;
  const own = { ...(partV1.devices ? machine.v1 : withoutDevices(machine.v1)), ...beside(partV1, machine) };
  const v1 = isWanted(partV1) || (hasV1 && !isWanted(partV2)) ? planOnV1(own, name, partV1, readValue) : undefined;
  const v2 = isWanted(partV2) || !v1 ? planOnV2(machine, name, partV2) : undefined;
  return v1 && v2 ? merge(v1, v2) : (v1 ?? v2);
}

/** What can be meant and had. A limit on swap holds by itself where the kernel has none, and no limit where it counts none. */
function checked(
  { name, limits: given = {}, devices }: Omit<GroupRequest, 'machine'>,
  { resources, swap, devices: ruled }: Machine,
): Part & { name: string } {
  checkName(name);
  checkLimits(given);
  if (devices) checkDeviceRules(devices);
  const isByItself = !swap || (swap.version === undefined && memoryLimits(given).maxWithSwap === 'max');
  const limits = isByItself ? withoutSwap(given) : given;
  for (const resource of limitedResources(limits)) demand(resource, resources[resource]);
  if (swap && memoryLimits(limits).maxWithSwap !== undefined) demand('swap', swap);
  if (devices) demand('devices', ruled);
  return { name, limits, devices };
}

/** What of a request one of the versions does. */
export interface Part {
  limits: Limits;
  devices: readonly DeviceRuleInput[] | undefined;
}

function isWanted({ limits, devices }: Part): boolean {
  return Object.keys(limits).length > 0 || devices !== undefined;
}

/** The kernel takes milliseconds for the first group for processors on a machine, so others have none. */
function beside({ limits: { memory, cpus } }: Part, { cpuset }: Machine): PlaceV1 {
  return cpuset === undefined || (memory === undefined && cpus === undefined) ? {} : { cpuset };
}

/** The part of limits that is about some resources. */
export function pick(limits: Limits, resources: readonly Resource[]): Limits {
  return Object.fromEntries(Object.entries(limits).filter(([resource]) => resources.some((one) => one === resource)));
}

/** The group's place on version 1. */
export function placeBelow(own: PlaceV1, name: string): PlaceV1 {
  return Object.fromEntries(Object.entries(own).map(([controller, directory]) => [controller, `${directory}/${name}`]));
}

/** The controller for devices neither limits nor counts: without rules there is nothing to do in its hierarchy. */
export function withoutDevices({ devices: _, ...others }: PlaceV1): PlaceV1 {
  return others;
}

/**
 * @param own the groups of version 1 to build below
 * @param read the text of a file of a group, `undefined` where there is none
 */
export function planOnV1(own: PlaceV1, name: string, { limits, devices }: Part, read: ReadFile): PlannedGroup {
  const place = placeBelow(own, name);
  const parents = parentsOf(own, name);
  const planned = planV1(place, limits, { parents, devices });
  return {
    ...planned,
    create: [...planned.create, ...planCpusetStart(place, { parents, read })],
    version: 'v1',
    parseStats: (texts) => parseV1(place, texts),
    deviceProgram: undefined,
  };
}

/** @param further controllers to hand down beside those of the limits and those that count */
export function planOnV2(
  { v2 }: Machine,
  name: string,
  { limits, devices }: Part,
  further: readonly string[] = [],
): PlannedGroup | undefined {
  if (!v2) return undefined;
  const { parent, controllers } = v2;
  const directory = `${parent}/${name}`;
  return {
    ...planV2({ parent, name }, limits, [...countedBy(controllers), ...further]),
    version: 'v2',
    parseStats: (texts) => parseV2(directory, texts),
    deviceProgram: devices && planDevicesV2(devices, directory),
  };
}

/** Those controllers that are handed down to count, whatever is limited. */
export function countedBy(controllers: readonly string[]): string[] {
  return COUNTED.filter((controller) => controllers.includes(controller));
}

/** A group that lies in both. */
export function merge(v1: PlannedGroup, v2: PlannedGroup): PlannedGroup {
  return {
    version: 'hybrid',
    create: [...v1.create, ...v2.create],
    directories: [...v1.directories, ...v2.directories],
    joinFiles: [...v1.joinFiles, ...v2.joinFiles],
    joinDirectory: v2.joinDirectory,
    statFiles: [...v1.statFiles, ...v2.statFiles],
    parseStats: (texts) => mergeStats(v1.parseStats(texts), v2.parseStats(texts)),
    deviceProgram: v2.deviceProgram,
  };
}

/** The groups between the caller's own and the new one. */
function parentsOf(own: PlaceV1, name: string): string[] {
  const names = name.split('/');
  const above = names.slice(0, -1).map((_, index) => names.slice(0, index + 1).join('/'));
  return directoriesOf(own).flatMap((directory) => above.map((path) => `${directory}/${path}`));
}

/** @throws SystemError EOPNOTSUPP with the reason and the remedy */
export function demand(what: Resource | 'swap' | 'devices', available: Availability): void {
  if (available.version !== undefined) return;
  throw new SystemError({
    code: 'EOPNOTSUPP',
    syscall: 'limit',
    path: what,
    text: available.reason,
    hint: available.fix,
  });
}
