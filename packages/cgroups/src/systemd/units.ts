import type { DeviceRuleInput, LeftOut, Mode, Resources, WaitOptions } from '@coracle/cgroups-core';
import { isErrno } from '@coracle/errors';
import { type Facts, theseFacts } from '../facts.ts';
import type { Bus } from './bus.ts';
import { controllersOf } from './controllers.ts';
import { deviceProperties } from './device-properties.ts';
import { forgetFailure, property, setProperties, stopUnit } from './jobs.ts';
import { planProperties } from './properties.ts';
import type { Property } from './property.ts';
import { versionOf } from './unit-group.ts';

/** What of a unit is to change. */
export interface UnitChange {
  resources?: Resources;
  /** What the processes may do with devices. On version 2 that is a program of the caller's, and none of systemd's. */
  devices?: readonly DeviceRuleInput[] | undefined;
  /** `'best-effort'` leaves out what systemd has no property for; otherwise that is an error. */
  mode?: Mode | undefined;
  /** Where cgroups are mounted, as for {@link detect}. */
  facts?: Pick<Facts, 'mountinfo'>;
}

/**
 * Changes the limits of a unit, whoever made it, until it ends.
 * @returns what was left out
 * @throws SystemError ENOENT when there is no such unit; EINVAL for what systemd does not take; EOPNOTSUPP for what it has no property for
 * @see systemd.resource-control(5)
 * @example
 * using bus = await openBus();
 * await updateUnit(bus, 'podman-4711.scope', { resources: { pids: 20 } });
 */
export async function updateUnit(bus: Bus, unit: string, change: UnitChange): Promise<LeftOut[]> {
  const { resources = {}, devices, mode } = change;
  const facts = { ...theseFacts(), ...change.facts };
  const version = versionOf(facts);
  const controllers = await controllersOf(bus, facts);
  const { properties, leftOut } = planProperties(resources, mode, { version, controllers });
  const all = [...properties, ...(version === 1 && devices ? changedDevices(devices) : [])];
  if (all.length === 0) return leftOut;
  await setProperties(bus, unit, all);
  // systemd has written the files before it hears the next call: what the caller writes there now stays.
  await bus.call({ member: 'GetUnit', signature: 's', body: [unit] });
  return leftOut;
}

/** An empty list lets go of the one before; others are added to it. */
function changedDevices(devices: readonly DeviceRuleInput[]): Property[] {
  return [['DeviceAllow', ['a(ss)', []]], ...deviceProperties(devices)];
}

/**
 * Ends a unit, with its processes, and lets systemd forget it if it has failed. No failure when there is none.
 * @throws SystemError EACCES, EIO; the reason of `signal`
 * @example
 * using bus = await openBus();
 * await endUnit(bus, 'podman-4711.scope');
 */
export async function endUnit(bus: Bus, unit: string, options: WaitOptions = {}): Promise<void> {
  await stopUnit(bus, unit, options);
  await forgetFailure(bus, unit);
}

/**
 * Puts a process into a scope or a service that was delegated, or into a group below it; also one that the caller may not move himself, as
 * a user may not out of the session he has logged in to.
 * @param below path of the group below: `'/workers'`; the unit's own if absent
 * @throws SystemError ENOENT when there is no such unit, ESRCH no such process, EACCES when it is not the caller's
 * @see org.freedesktop.systemd1(5), AttachProcessesToUnit(); systemd 238
 * @example
 * using bus = await openBus('unix:path=/run/user/1000/bus');
 * await attachToUnit(bus, 'podman-4711.scope', { pid: 4712 });
 */
export async function attachToUnit(
  bus: Bus,
  unit: string,
  { pid, below = '' }: { pid: number; below?: string },
): Promise<void> {
  await bus.call({ member: 'AttachProcessesToUnit', signature: 'ssau', body: [unit, below, [pid]] });
}

/**
 * What a unit says of itself, by which its maker knows it again.
 * @returns `undefined` when there is no such unit
 * @throws SystemError as calls of {@link openBus}
 * @example
 * using bus = await openBus();
 * await unitDescription(bus, 'init.scope'); // 'System and Service Manager'
 */
export async function unitDescription(bus: Bus, unit: string): Promise<string | undefined> {
  try {
    const [path] = await bus.call({ member: 'GetUnit', signature: 's', body: [unit] });
    return String(await property(bus, 'Description', { path: String(path), of: 'org.freedesktop.systemd1.Unit' }));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
