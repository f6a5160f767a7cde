import type { DeviceRuleInput, Resources } from '@coracle/cgroups';
import {
  attachToUnit,
  type Bus,
  createScope,
  endUnit,
  type Property,
  unitDescription,
  updateUnit,
} from '@coracle/cgroups/systemd';
import { isErrno, SystemError } from '@coracle/errors';
import { FEWEST_AT_BIRTH, isCrowded } from '../../oci/crowded.ts';
import type { PlannedUnit } from './plan-unit.ts';
import type { ContainerUnit } from './unit.ts';
import { withBus } from './with-bus.ts';

/** As engines know it of runc: everything is counted, and systemd does not end it at a shutdown before the engine does. */
const ALWAYS: readonly Property[] = [
  ['CPUAccounting', ['b', true]],
  ['MemoryAccounting', ['b', true]],
  ['IOAccounting', ['b', true]],
  ['TasksAccounting', ['b', true]],
  ['DefaultDependencies', ['b', false]],
];

/**
 * Has systemd put the process that is to give birth to a container into the container's unit.
 * @throws SystemError as `createScope` of `@coracle/cgroups/systemd`; EIO when the unit is not where it was to be
 */
export async function beginUnit(planned: PlannedUnit, pid: number): Promise<void> {
  const { unit, slice, path, resources, devices, properties, description } = planned;
  const { path: found } = await withBus(planned.manager, (bus) =>
    createScope(bus, unit, {
      pids: [pid],
      slice,
      resources: isCrowded(resources) ? { ...resources, pids: FEWEST_AT_BIRTH } : resources,
      mode: 'best-effort', // what systemd has no property for is written into the files
      devices,
      description,
      delegate: true,
      properties: [...ALWAYS, ...properties],
    }),
  );
  if (found !== path) throw elsewhere(unit, { path, found });
}

/** Puts the limit in force that would have kept the container from being born. */
export async function settleUnit({ unit, manager, resources }: PlannedUnit): Promise<void> {
  const { pids } = resources;
  if (pids === undefined || !isCrowded(resources)) return;
  await withBus(manager, (bus) => updateUnit(bus, unit, { resources: { pids } }));
}

/** Tells systemd of limits that are to be written into the files: it would write its own there else. */
export async function changeUnit(
  unit: ContainerUnit,
  { resources, devices }: { resources: Resources; devices: readonly DeviceRuleInput[] | undefined },
): Promise<void> {
  await withBus(unit, (bus) => updateUnit(bus, unit.name, { resources, devices, mode: 'best-effort' }));
}

/** Puts a process into the unit that its owner may not put there himself. */
export async function enterUnit(unit: ContainerUnit, pid: number): Promise<void> {
  await withBus(unit, (bus) => attachToUnit(bus, unit.name, { pid }));
}

/** Whether there is a unit of this name, and not this container's. */
export async function isOfOthers(unit: ContainerUnit): Promise<boolean> {
  const description = await asLongAsItRuns(unit, (bus) => unitDescription(bus, unit.name));
  return description !== undefined && description !== unit.description;
}

/** Ends what is left of a unit whose processes have ended. */
export async function endUnitOf(unit: ContainerUnit): Promise<void> {
  await asLongAsItRuns(unit, (bus) => endUnit(bus, unit.name));
}

/** A systemd that nobody reaches any more, as of a user who has logged out, has no units any more. */
async function asLongAsItRuns<Answer>(
  unit: ContainerUnit,
  ask: (bus: Bus) => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await withBus(unit, ask);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ECONNREFUSED')) return undefined;
    throw error;
  }
}

function elsewhere(unit: string, { path, found }: { path: string; found: string }): SystemError {
  return new SystemError({
    code: 'EIO',
    syscall: 'StartTransientUnit',
    path: unit,
    text: `systemd has put it at ${found}, and not at ${path}`,
    hint: 'is this systemd the one that has the cgroups which are mounted here?',
  });
}
