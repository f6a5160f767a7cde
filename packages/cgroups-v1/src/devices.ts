import { type DeviceRuleInput, type FileOperation, formatDeviceRule } from '@coracle/cgroups-core';
import { toDeviceList } from './device-list.ts';
import { need } from './need.ts';
import type { Place } from './place.ts';

/**
 * The writes that put rules for devices in force, whatever the group allowed before.
 * @throws SystemError EINVAL for rules that cannot be meant, EOPNOTSUPP for a rule that takes a part out of an earlier, wider
 *   one, ENOENT when the place lacks the controller
 * @see the kernel's admin-guide/cgroup-v1/devices
 * @example
 * planDevices(DEFAULT_DEVICE_RULES, { devices: '/sys/fs/cgroup/devices/box' });
 */
export function planDevices(rules: readonly DeviceRuleInput[], place: Place): FileOperation[] {
  const { allowsRest, exceptions } = toDeviceList(rules);
  const write = (isAllowed: boolean, value: string): FileOperation => ({
    kind: 'write',
    path: need(place, 'devices', isAllowed ? 'devices.allow' : 'devices.deny'),
    value,
    why: `${isAllowed ? 'allow' : 'deny'} ${value === ALL ? 'every device' : `the device ${value}`}`,
  });
  return [write(allowsRest, ALL), ...exceptions.map((rule) => write(!allowsRest, formatDeviceRule(rule)))];
}

/** Forgets all that was said before. */
const ALL = 'a *:* rwm';
