import {
  type FullMachine,
  fromOci,
  furtherPlaces,
  type LeftOut,
  locate,
  planResources,
  type Resources,
  type Size,
} from '@coracle/cgroups';
import type { Group } from '../cgroup/cgroup-for.ts';
import { toSteps } from '../cgroup/cgroup-for.ts';
import { cannot } from './config-error.ts';
import { isCrowded } from './crowded.ts';
import { deviceRules } from './device-rules.ts';
import type { Normalized } from './normalize.ts';
import { alsoIn } from './other-hierarchies.ts';

const NO_GROUP = 'no group can be made here';
const REMEDY = 'be root, or have a group of version 2 delegated to you';

/** Who asks for the group. */
export interface GroupContext {
  id: string;
  isRoot: boolean;
  /** Of a group that systemd makes, where it does; what is limited it knows as well. */
  unitPath?: string | undefined;
}

/**
 * Plans the cgroup of a configuration: where `linux.cgroupsPath` says, with `linux.resources`, in every hierarchy of version 1 that
 * this process may change, so that it can be counted, frozen and ended. Devices are ruled over as runc does: what no rule lets
 * through is denied, but for the harmless ones. Without root there are no such rules, and no need for them.
 * @throws {ConfigError} for resources that cannot be had here
 */
export function planConfigGroup({ linux, ociVersion }: Normalized, { id, isRoot, unitPath }: GroupContext): Group {
  const path = unitPath ?? (linux.cgroupsPath || id);
  const { machine: found, name } = locate(path);
  if (name === '')
    throw cannot(
      { path: '$.linux.cgroupsPath', value: linux.cgroupsPath },
      'the path of a group of its own, as the top belongs to the whole machine',
    );
  const machine: FullMachine = { ...found, v1: found.hierarchies };
  const { resources, devices = [] } = fromOci(linux.resources ?? {}, ociVersion);
  // The agent that gives birth is in the unit: what would be too few for both is left to systemd, afterwards.
  const { pids: _, ...withoutPids } = resources;
  const inFiles = unitPath !== undefined && isCrowded(resources) ? withoutPids : resources;
  const rules = isRoot ? deviceRules(devices) : undefined;
  const planned = planResources({
    machine,
    name,
    resources: inFiles,
    devices: machine.devices.version === undefined ? undefined : rules,
    controllers: unitPath === undefined ? toHandDown(machine) : [],
    mode: 'best-effort',
  });
  refuseMissing(planned?.leftOut ?? missingWithout(resources), linux.resources);
  if (!planned && unitPath === undefined && linux.cgroupsPath)
    throw cannot({ path: '$.linux.cgroupsPath', value: linux.cgroupsPath }, `absent, as ${NO_GROUP}`, REMEDY);
  const steps = planned && toSteps(planned);
  return {
    plan: steps && alsoIn(steps, furtherPlaces(path, steps.directories)),
    version: planned ? machine.version : 'none',
    inForce: limitsOf(resources),
    missing: [],
    readStats: (texts) =>
      planned?.parseStats(new Map(planned.statFiles.map((path, index) => [path, texts[index] ?? '']))) ?? {},
  };
}

/**
 * All there are, as runc and crun hand them down: `update` may limit later what nothing limits now, and what runs in the container may
 * divide it up itself. Beside version 1 the group is one of version 2 only where a limit needs it. Of a unit systemd decides.
 */
function toHandDown({ version, v2 }: FullMachine): readonly string[] {
  return version === 'v2' && v2 ? v2.controllers : [];
}

function refuseMissing(missing: readonly LeftOut[], value: unknown): void {
  const [first] = missing;
  if (first === undefined) return;
  const names = missing.map(({ resource }) => resource).join(', ');
  throw cannot({ path: '$.linux.resources', value }, `without ${names}, as ${first.reason}`, first.alternative);
}

/** Where there is no group to be had, nothing but what asks for nothing can be. */
function missingWithout(resources: Resources): LeftOut[] {
  return Object.keys(resources).map((resource) => ({
    resource,
    reason: NO_GROUP,
    alternative: REMEDY,
  }));
}

/** Of an OCI configuration they are nothing else. */
function amountOf(given: Size | undefined): bigint | 'max' | undefined {
  return typeof given === 'bigint' || given === 'max' ? given : undefined;
}

/** The limits that are reported: those that options of `run` have too. */
function limitsOf({ pids, memory, cpu }: Resources): Group['inForce'] {
  const { max, maxWithSwap } = typeof memory === 'object' ? memory : { max: memory };
  const [alone, withSwap] = [max, maxWithSwap].map(amountOf);
  const quota = cpu?.quotaUsec;
  return {
    ...(pids === undefined ? {} : { pids }),
    ...(alone === undefined ? {} : { memory: withSwap === undefined ? alone : { max: alone, maxWithSwap: withSwap } }),
    ...(quota === undefined ? {} : { cpus: quota === 'max' ? quota : quota / (cpu?.periodUsec ?? 100_000) }),
  };
}
