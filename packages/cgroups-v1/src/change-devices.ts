import {
  DEVICE_ACCESS,
  type DeviceRule,
  type DeviceRuleInput,
  type FileOperation,
  formatDeviceRule,
  parseDeviceRule,
} from '@coracle/cgroups-core';
import { toDeviceList } from './device-list.ts';
import { planDevices } from './devices.ts';
import { need } from './need.ts';
import type { Place } from './place.ts';

/**
 * The writes that put other rules in force in a group whose processes go on: what is allowed before and after is so in between. Where
 * either list allows by itself what it does not name, there is no such way, and all is said anew.
 * @param current text of the group's `devices.list`
 * @throws SystemError as {@link planDevices}
 * @see the kernel's admin-guide/cgroup-v1/devices
 * @example
 * planDeviceChange(rules, { place: { devices: '/sys/fs/cgroup/devices/box' }, current: 'c 1:3 rwm\n' });
 */
export function planDeviceChange(
  rules: readonly DeviceRuleInput[],
  { place, current }: { place: Place; current: string },
): FileOperation[] {
  const wanted = toDeviceList(rules);
  const had = current
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => parseDeviceRule(line));
  if (wanted.allowsRest || had.some(({ type }) => type === 'a')) return planDevices(rules, place);
  return [
    ...difference(wanted.exceptions, had).map((rule) => write(place, 'allow', rule)),
    ...difference(had, wanted.exceptions).map((rule) => write(place, 'deny', rule)),
  ];
}

/** What of the rules is not in the others; both lists have one rule for each set of devices. */
function difference(rules: readonly DeviceRule[], others: readonly DeviceRule[]): DeviceRule[] {
  return rules.flatMap((rule) => {
    const other = others.find((one) => devicesOf(one) === devicesOf(rule))?.access ?? '';
    const access = [...DEVICE_ACCESS].filter((letter) => rule.access.includes(letter) && !other.includes(letter));
    return access.length === 0 ? [] : [{ ...rule, access: access.join('') }];
  });
}

function devicesOf(rule: DeviceRule): string {
  return formatDeviceRule({ ...rule, access: '' });
}

function write(place: Place, verb: 'allow' | 'deny', rule: DeviceRule): FileOperation {
  const value = formatDeviceRule(rule);
  return { kind: 'write', path: need(place, 'devices', `devices.${verb}`), value, why: `${verb} the device ${value}` };
}
