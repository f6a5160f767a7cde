import {
  checkLimits,
  checkName,
  type GroupPlan,
  type Limits,
  limitedResources,
  type Resource,
  type Stats,
} from '@coracle/cgroups-core';
import { directoriesOf, type Place as PlaceV1, parseStats as parseV1, planCreate as planV1 } from '@coracle/cgroups-v1';
import { parseStats as parseV2, planCreate as planV2 } from '@coracle/cgroups-v2';
import { SystemError } from '@coracle/errors';
import { detect, type Machine } from './detect.ts';
import { mergeStats } from './merge-stats.ts';

/** A group thought through: what to do, and how to read its numbers afterwards. */
export interface PlannedGroup extends GroupPlan {
  /** Where it lies; `'hybrid'` is in both, each with a part of the limits. */
  version: 'v1' | 'v2' | 'hybrid';
  /** Makes numbers of the texts of `statFiles`, by path. */
  parseStats(texts: ReadonlyMap<string, string>): Stats;
}

/** What of a group to plan, and where. */
export interface GroupRequest {
  /** {@link detect} if absent. */
  machine?: Machine;
  /** Of directories below the caller's own group: `'coracle/box'`. */
  name: string;
  /** No limits if absent. */
  limits?: Limits;
}

/** What is counted where nothing is limited. */
const COUNTED = ['cpu', 'memory', 'pids'];

/**
 * Plans a group on whichever version the machine has; nothing is written. Where one version has the controller of one limit
 * and the other that of another, the group lies in both.
 * @returns `undefined` when the machine has no group the caller could use and no limit is asked for
 * @throws SystemError EINVAL for limits that cannot be meant and for a name that leads elsewhere; EOPNOTSUPP for a limit that
 *   cannot be had here, with the reason and the remedy
 * @example
 * plan({ name: 'box', limits: { pids: 20 } })?.directories;
 */
export function plan({ machine = detect(), name, limits = {} }: GroupRequest): PlannedGroup | undefined {
  checkName(name);
  checkLimits(limits);
  const wanted = limitedResources(limits);
  for (const resource of wanted) demand(machine, resource);
  const onV1 = wanted.filter((resource) => machine.resources[resource].version === 'v1');
  const onV2 = wanted.filter((resource) => machine.resources[resource].version === 'v2');
  const hasV1 = Object.keys(machine.v1).length > 0;
  const v1 = onV1.length > 0 || (hasV1 && onV2.length === 0) ? planOnV1(machine, name, pick(limits, onV1)) : undefined;
  const v2 = onV2.length > 0 || !v1 ? planOnV2(machine, name, pick(limits, onV2)) : undefined;
  return v1 && v2 ? merge(v1, v2) : (v1 ?? v2);
}

/** The part of limits that is about some resources. */
export function pick(limits: Limits, resources: readonly Resource[]): Limits {
  return Object.fromEntries(Object.entries(limits).filter(([resource]) => resources.some((one) => one === resource)));
}

/** The group's place on version 1. */
export function placeBelow(own: PlaceV1, name: string): PlaceV1 {
  return Object.fromEntries(Object.entries(own).map(([controller, directory]) => [controller, `${directory}/${name}`]));
}

function planOnV1({ v1 }: Machine, name: string, limits: Limits): PlannedGroup {
  const place = placeBelow(v1, name);
  return {
    ...planV1(place, limits, { parents: parentsOf(v1, name) }),
    version: 'v1',
    parseStats: (texts) => parseV1(place, texts),
  };
}

function planOnV2({ v2 }: Machine, name: string, limits: Limits): PlannedGroup | undefined {
  if (!v2) return undefined;
  const { parent, controllers } = v2;
  const counted = COUNTED.filter((controller) => controllers.includes(controller));
  return {
    ...planV2({ parent, name }, limits, counted),
    version: 'v2',
    parseStats: (texts) => parseV2(`${parent}/${name}`, texts),
  };
}

function merge(v1: PlannedGroup, v2: PlannedGroup): PlannedGroup {
  return {
    version: 'hybrid',
    create: [...v1.create, ...v2.create],
    directories: [...v1.directories, ...v2.directories],
    joinFiles: [...v1.joinFiles, ...v2.joinFiles],
    joinDirectory: v2.joinDirectory,
    statFiles: [...v1.statFiles, ...v2.statFiles],
    parseStats: (texts) => mergeStats(v1.parseStats(texts), v2.parseStats(texts)),
  };
}

/** The groups between the caller's own and the new one. */
function parentsOf(own: PlaceV1, name: string): string[] {
  const names = name.split('/');
  const above = names.slice(0, -1).map((_, index) => names.slice(0, index + 1).join('/'));
  return directoriesOf(own).flatMap((directory) => above.map((path) => `${directory}/${path}`));
}

function demand(machine: Machine, resource: Resource): void {
  const available = machine.resources[resource];
  if (available.version !== undefined) return;
  throw new SystemError({
    code: 'EOPNOTSUPP',
    syscall: 'limit',
    path: resource,
    text: available.reason,
    hint: available.fix,
  });
}
