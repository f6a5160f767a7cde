import { checkDeviceRules, type DeviceRule, type DeviceRuleInput } from './device-rule.ts';

/** What a process wants to do with a device. */
export interface DeviceRequest {
  type: 'b' | 'c';
  major: number;
  minor: number;
  /** Of `r`, `w`, `m`: open(2) asks for `r`, `w` or `rw`, mknod(2) for `m`. */
  access: string;
}

/**
 * What a list of rules says to a request, by the book: for each letter of the access the last rule that is about the device
 * and the letter decides, and all letters must be allowed. What no rule speaks of is denied.
 * @throws SystemError EINVAL for rules that cannot be meant
 * @example
 * isDeviceAllowed(DEFAULT_DEVICE_RULES, { type: 'c', major: 1, minor: 3, access: 'rw' }); // true: /dev/null
 */
export function isDeviceAllowed(rules: readonly DeviceRuleInput[], request: DeviceRequest): boolean {
  const about = checkDeviceRules(rules).filter((rule) => isAbout(rule, request));
  return [...request.access].every((letter) => about.findLast(({ access }) => access.includes(letter))?.allow ?? false);
}

function isAbout(rule: DeviceRule, { type, major, minor }: DeviceRequest): boolean {
  return (
    (rule.type === 'a' || rule.type === type) && (rule.major ?? major) === major && (rule.minor ?? minor) === minor
  );
}
