import { type GroupPlan, type Limits, limitedResources, type Resource, type Stats } from '@coracle/cgroups-core';
import { directoriesOf, type Place as PlaceV1, parseStats as parseV1, planCreate as planV1 } from '@coracle/cgroups-v1';
import { parseStats as parseV2, planCreate as planV2 } from '@coracle/cgroups-v2';
import { SystemError } from '@coracle/errors';
import { detect, type Machine } from './detect.ts';

/** A group thought through: what to do, and how to read its numbers afterwards. */
export interface PlannedGroup extends GroupPlan {
  version: 'v1' | 'v2';
  /** Makes numbers of the texts of `statFiles`, by path. */
  parseStats(texts: ReadonlyMap<string, string>): Stats;
}

/** What is counted where nothing is limited. */
const COUNTED = ['cpu', 'memory', 'pids'];

/**
 * Plans a group on whichever version the machine has; nothing is written.
 * @param group `name` of directories below the caller's own group: `'coracle/box'`
 * @returns `undefined` when the machine has no group the caller could use and no limit is asked for
 * @throws SystemError EINVAL for limits that cannot be meant; EOPNOTSUPP for one that cannot be had here, with the reason
 *   and the remedy
 * @example
 * plan({ name: 'box', limits: { pids: 20 } })?.directories;
 */
export function plan({
  machine = detect(),
  name,
  limits = {},
}: {
  machine?: Machine;
  name: string;
  limits?: Limits;
}): PlannedGroup | undefined {
  const wanted = limitedResources(limits);
  for (const resource of wanted) demand(machine, resource);
  const version =
    wanted.some((resource) => machine.resources[resource].version === 'v2') || Object.keys(machine.v1).length === 0
      ? 'v2'
      : 'v1';
  const inV1 = wanted.filter((resource) => machine.resources[resource].version === 'v1');
  if (version === 'v1') {
    const place = below(machine.v1, name);
    return {
      ...planV1(place, limits, { parents: parentsOf(machine.v1, name) }),
      version,
      parseStats: (texts) => parseV1(place, texts),
    };
  }
  if (inV1.length > 0) throw split(inV1);
  if (!machine.v2) return undefined;
  const { parent, controllers } = machine.v2;
  const counted = COUNTED.filter((controller) => controllers.includes(controller));
  return {
    ...planV2({ parent, name }, limits, counted),
    version,
    parseStats: (texts) => parseV2(`${parent}/${name}`, texts),
  };
}

/** The group's place on version 1. */
function below(own: PlaceV1, name: string): PlaceV1 {
  return Object.fromEntries(Object.entries(own).map(([controller, directory]) => [controller, `${directory}/${name}`]));
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

function split(inV1: readonly Resource[]): SystemError {
  return new SystemError({
    code: 'EOPNOTSUPP',
    syscall: 'limit',
    text: `${inV1.join(', ')} can only be limited by version 1 here and the rest only by version 2`,
    hint: 'limit only what one version can do, or mount all controllers in one of them',
  });
}
