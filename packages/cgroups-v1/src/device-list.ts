import {
  checkDeviceRules,
  DEVICE_ACCESS,
  type DeviceRule,
  type DeviceRuleInput,
  formatDeviceRule,
} from '@coracle/cgroups-core';
import { SystemError } from '@coracle/errors';

/** What a group of version 1 keeps: an answer for every device, and exceptions from it, in no order. */
export interface DeviceList {
  /** Whether what is not listed is allowed; the exceptions are the opposite. */
  allowsRest: boolean;
  exceptions: readonly DeviceRule[];
}

/**
 * Turns rules, of which the last wins, into the list of version 1, in which no entry wins over another.
 *
 * The kernel allows a request when one entry covers all of it, so where entries overlap there is one for the overlap that
 * has the access of both.
 * @throws SystemError EINVAL for rules that cannot be meant; EOPNOTSUPP for one that takes a part out of an earlier, wider
 *   one: the kernel would pass over it without a word
 * @see the kernel's admin-guide/cgroup-v1/devices
 */
export function toDeviceList(rules: readonly DeviceRuleInput[]): DeviceList {
  let allowsRest = false;
  let exceptions: DeviceRule[] = [];
  for (const rule of checkDeviceRules(rules)) {
    if (rule.type === 'a') {
      allowsRest = rule.allow;
      exceptions = [];
    } else if (rule.allow === allowsRest) {
      exceptions = exceptions.flatMap((one) => without(one, rule));
    } else {
      exceptions = [...exceptions, rule];
    }
  }
  return { allowsRest, exceptions: merged(allowsRest ? exceptions : [...exceptions, ...overlaps(exceptions)]) };
}

/** What is left of an exception after a later rule that takes it back. */
function without(exception: DeviceRule, rule: DeviceRule): DeviceRule[] {
  const access = [...exception.access].filter((letter) => !rule.access.includes(letter)).join('');
  if (access === exception.access || !overlap(exception, rule)) return [exception];
  if (!covers(rule, exception)) throw hole(exception, rule);
  return access === '' ? [] : [{ ...exception, access }];
}

/** Whether a rule is about every device that the other is about. */
function covers(wide: DeviceRule, { type, major, minor }: DeviceRule): boolean {
  return wide.type === type && (wide.major ?? major) === major && (wide.minor ?? minor) === minor;
}

/** The devices both are about, `undefined` where there are none. */
function overlap(one: DeviceRule, other: DeviceRule): DeviceRule | undefined {
  const { type, major = other.major, minor = other.minor } = one;
  if (other.type !== type || (other.major ?? major) !== major || (other.minor ?? minor) !== minor) return undefined;
  return {
    allow: one.allow,
    type,
    access: one.access,
    ...(major === undefined ? {} : { major }),
    ...(minor === undefined ? {} : { minor }),
  };
}

/** Of two exceptions of which one is about all devices of the other, the narrower one is the overlap, and there already. */
function overlaps(exceptions: readonly DeviceRule[]): DeviceRule[] {
  return exceptions.flatMap((one, index) =>
    exceptions.flatMap((other, at) => {
      if (at <= index || covers(one, other) || covers(other, one)) return [];
      return overlap(one, other) ?? [];
    }),
  );
}

/** One entry for each set of devices, with all access that entries about these devices have; none that adds nothing. */
function merged(exceptions: readonly DeviceRule[]): DeviceRule[] {
  const full = new Map<string, DeviceRule>();
  for (const one of exceptions) {
    const access = exceptions.reduce((all, other) => (covers(other, one) ? both(all, other.access) : all), one.access);
    full.set(formatDeviceRule({ ...one, access: '' }), access === one.access ? one : { ...one, access });
  }
  const all = [...full.values()];
  return all.filter((one) => !all.some((other) => other !== one && other.access === one.access && covers(other, one)));
}

/** Mostly the first has what the second has, which costs nothing: containers have the same few rules, and are in a hurry. */
function both(access: string, other: string): string {
  if (access === other || access === DEVICE_ACCESS) return access;
  return [...DEVICE_ACCESS].filter((letter) => access.includes(letter) || other.includes(letter)).join('');
}

function hole(exception: DeviceRule, rule: DeviceRule): SystemError {
  const verb = (allow: boolean): string => (allow ? 'allow' : 'deny');
  return new SystemError({
    code: 'EOPNOTSUPP',
    syscall: 'rule',
    path: 'devices',
    detail: `${verb(rule.allow)} ${formatDeviceRule(rule)}`,
    text: `version 1 cannot take a part out of ${verb(exception.allow)} ${formatDeviceRule(exception)}`,
    hint: 'write rules for the single devices instead of the wide one, or use version 2, which can',
  });
}
