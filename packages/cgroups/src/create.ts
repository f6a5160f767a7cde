import { existsSync } from 'node:fs';
import {
  enforce,
  type FileOperation,
  type Group,
  type LeftOut,
  type Mode,
  type Resources,
  readValue,
  runAsFarAs,
  runOperations,
} from '@coracle/cgroups-core';
import { CgroupV1, planResources as planV1 } from '@coracle/cgroups-v1';
import {
  CgroupV2,
  clearOfProcesses,
  controllersOf as controllersV2,
  lackingInThreads,
  planThreaded,
  planResources as planV2,
} from '@coracle/cgroups-v2';
import { SystemError } from '@coracle/errors';
import { detectAll, type FullMachine } from './detect-all.ts';
import type { Division } from './divide.ts';
import { layOut } from './lay-out.ts';
import { PlacedGroup } from './placed-group.ts';
import { countedBy } from './plan.ts';

/** A group as it was made. */
export interface CreatedGroup extends Group {
  /** What was asked for and is not in force; only the mode `'best-effort'` leaves anything out. */
  readonly leftOut: readonly LeftOut[];
}

/** How to make a group. */
export interface CreateOptions {
  /** {@link detectAll} if absent. */
  machine?: FullMachine;
  /** `'best-effort'` leaves out what this machine cannot do; otherwise that is an error. */
  mode?: Mode;
  /**
   * It takes single threads (`addThread`), of processes that are in the group right above. On version 1 every group does; on
   * version 2 such a group can be limited in processors and numbers of processes only.
   */
  threaded?: boolean;
}

/**
 * Makes a group on whichever version the machine has, or takes over one that is there, and puts resources in force. What was
 * made is removed again when one of them fails.
 *
 * It knows files alone, and does not wait. Where systemd is process 1, {@link createManaged} leaves the group to that.
 * @param name of directories below the caller's own group
 * @throws SystemError EINVAL for what cannot be meant or the kernel refuses; EOPNOTSUPP for what cannot be had here; EACCES,
 *   EPERM, EBUSY
 * @example
 * await using box = create('box', { pids: 20, memory: '256m', cpuset: { cpus: '0-1' } });
 * box.add(4711); // a child's: the end of the scope kills it
 */
export function create(name: string, resources: Resources = {}, options: CreateOptions = {}): CreatedGroup {
  const { machine = detectAll(), mode, threaded = false } = options;
  const { division, v1, v2 } = layOut(resources, { machine, name, mode, devices: undefined, read: readValue });
  if (!v1 && !v2) throw noGroup(name, machine);
  const updateOptions = mode === undefined ? {} : { mode };
  const lacking = threaded && v2 ? lackingInThreads(division.v2) : [];
  enforce(lacking, mode);
  // What a version cannot do is refused before anything is made.
  if (v1) planV1(v1.place, division.v1, updateOptions);
  if (v2) planV2(v2.directory, division.v2, updateOptions);
  const parts = { v1: v1 && CgroupV1.open(v1.place), v2: v2 && CgroupV2.open(v2.directory) };
  const group = new PlacedGroup({ ...parts, machine: () => machine });
  const makeV2 =
    threaded && v2 && machine.v2 ? threadedOnV2(machine.v2, name, division) : clearOfProcesses(v2?.plan.create ?? []);
  const leftOut: LeftOut[] = [...lacking];
  const kept = without(resources, lacking);
  const putBack = group.directories.some(existsSync);
  runOperations(
    (function* () {
      yield* [...(v1?.plan.create ?? []), ...makeV2];
      const planned = group.planUpdate(kept, updateOptions);
      leftOut.push(...planned.leftOut, ...runAsFarAs(planned.operations, mode ?? 'strict', { putBack }));
    })(),
  );
  return Object.assign(group, { leftOut });
}

function threadedOnV2(
  { parent, controllers }: NonNullable<FullMachine['v2']>,
  name: string,
  { v2 }: Division,
): FileOperation[] {
  return planThreaded({ parent, name }, [...countedBy(controllers), ...controllersV2(v2)]);
}

function without(resources: Resources, lacking: readonly LeftOut[]): Resources {
  const names = lacking.map(({ resource }) => resource);
  return Object.fromEntries(Object.entries(resources).filter(([name]) => !names.includes(name)));
}

function noGroup(name: string, { resources }: FullMachine): SystemError {
  const { reason, fix } = {
    reason: 'no group could be made',
    fix: 'be root, or have a group of version 2 delegated to you',
    ...resources.pids,
  };
  return new SystemError({ code: 'EOPNOTSUPP', syscall: 'mkdir', path: name, text: reason, hint: fix });
}
