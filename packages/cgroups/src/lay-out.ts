import {
  checkDeviceRules,
  checkName,
  type DeviceRuleInput,
  type Mode,
  type ReadFile,
  type Resources,
} from '@coracle/cgroups-core';
import { controllersOf as controllersV1, type Place as PlaceV1 } from '@coracle/cgroups-v1';
import { controllersOf as controllersV2 } from '@coracle/cgroups-v2';
import type { FullMachine } from './detect-all.ts';
import { type Division, divide } from './divide.ts';
import { demand, type PlannedGroup, placeBelow, planOnV1, planOnV2, withoutDevices } from './plan.ts';

/** Where a group with some resources lies, and how it is made before they are put in force. */
export interface Layout {
  division: Division;
  v1: { plan: PlannedGroup; place: PlaceV1 } | undefined;
  v2: { plan: PlannedGroup; directory: string } | undefined;
}

/**
 * Lays a group out on the versions that have the controllers of its resources.
 * @throws SystemError as {@link divide}, and EINVAL for a name that leads elsewhere
 */
export function layOut(
  resources: Resources,
  {
    machine,
    name,
    mode,
    devices,
    controllers = [],
    read,
  }: {
    machine: FullMachine;
    name: string;
    mode: Mode | undefined;
    devices: readonly DeviceRuleInput[] | undefined;
    controllers?: readonly string[] | undefined;
    read: ReadFile;
  },
): Layout {
  checkName(name);
  if (devices) checkDeviceRules(devices);
  const division = divide(resources, machine, mode);
  if (devices) demand('devices', machine.devices);
  const rulesOn = (version: 'v1' | 'v2'): typeof devices => (machine.devices.version === version ? devices : undefined);
  const isWanted = (version: 'v1' | 'v2'): boolean =>
    Object.keys(division[version]).length > 0 || rulesOn(version) !== undefined;
  const own = ownV1(machine, division.v1, rulesOn('v1') !== undefined);
  const onV1 = isWanted('v1') || (Object.keys(own).length > 0 && !isWanted('v2'));
  const v1 = onV1
    ? { plan: planOnV1(own, name, { limits: {}, devices: rulesOn('v1') }, read), place: placeBelow(own, name) }
    : undefined;
  const planV2 =
    isWanted('v2') || !onV1
      ? planOnV2(machine, name, { limits: {}, devices: rulesOn('v2') }, [...controllersV2(division.v2), ...controllers])
      : undefined;
  return { division, v1, v2: planV2 && { plan: planV2, directory: planV2.joinDirectory ?? '' } };
}

/** The hierarchies of version 1 that count and kill, and those the resources need. */
function ownV1({ v1, hierarchies }: FullMachine, resources: Resources, hasRules: boolean): PlaceV1 {
  const needed = controllersV1(resources).map((controller) => [controller, hierarchies[controller]]);
  return { ...(hasRules ? v1 : withoutDevices(v1)), ...Object.fromEntries(needed) };
}
