import { type Group, type LeftOut, type Mode, type Resources, readValue, runOperations } from '@coracle/cgroups-core';
import { CgroupV1, planResources as planV1 } from '@coracle/cgroups-v1';
import { CgroupV2, planResources as planV2 } from '@coracle/cgroups-v2';
import { SystemError } from '@coracle/errors';
import { detectAll, type FullMachine } from './detect-all.ts';
import { layOut } from './lay-out.ts';
import { PlacedGroup } from './placed-group.ts';

/** A group as it was made. */
export interface CreatedGroup extends Group {
  /** What was asked for and is not in force; only the mode `'best-effort'` leaves anything out. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Makes a group on whichever version the machine has, or takes over one that is there, and puts resources in force. What was
 * made is removed again when one of them fails.
 * @param name of directories below the caller's own group
 * @param options `machine`: {@link detectAll} if absent; `mode`: `'best-effort'` leaves out what this machine cannot do
 * @throws SystemError EINVAL for what cannot be meant or the kernel refuses; EOPNOTSUPP for what cannot be had here; EACCES,
 *   EPERM, EBUSY
 * @example
 * await using box = create('box', { pids: 20, memory: '256m', cpuset: { cpus: '0-1' } });
 * box.add(4711); // a child's: the end of the scope kills it
 */
export function create(
  name: string,
  resources: Resources = {},
  { machine = detectAll(), mode }: { machine?: FullMachine; mode?: Mode } = {},
): CreatedGroup {
  const { division, v1, v2 } = layOut(resources, { machine, name, mode, devices: undefined, read: readValue });
  if (!v1 && !v2) throw noGroup(name, machine);
  const options = mode === undefined ? {} : { mode };
  // What a version cannot do is refused before anything is made.
  if (v1) planV1(v1.place, division.v1, options);
  if (v2) planV2(v2.directory, division.v2, options);
  const parts = { v1: v1 && CgroupV1.open(v1.place), v2: v2 && CgroupV2.open(v2.directory) };
  const group = new PlacedGroup({ ...parts, machine });
  const leftOut: LeftOut[] = [];
  runOperations(
    (function* () {
      yield* [...(v1?.plan.create ?? []), ...(v1?.start ?? []), ...(v2?.plan.create ?? [])];
      leftOut.push(...group.update(resources, options));
    })(),
  );
  return Object.assign(group, { leftOut });
}

function noGroup(name: string, { resources }: FullMachine): SystemError {
  const { reason, fix } = {
    reason: 'no group could be made',
    fix: 'be root, or have a group of version 2 delegated to you',
    ...resources.pids,
  };
  return new SystemError({ code: 'EOPNOTSUPP', syscall: 'mkdir', path: name, text: reason, hint: fix });
}
