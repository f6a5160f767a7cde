import { DEFAULT_DEVICE_RULES, type DeviceRule, type DeviceRuleInput } from '@coracle/cgroups';

const DENY_ALL: DeviceRule = { allow: false, type: 'a', access: 'rwm' };
/** What runc adds after the rules of the configuration, whatever these say: the first of ours denies all. */
const ALWAYS_ALLOWED = DEFAULT_DEVICE_RULES.filter(({ allow }) => allow);

/**
 * The rules for the devices of a container, from those of its configuration: what no rule lets through is denied, but for the
 * harmless ones, as with runc.
 */
export function deviceRules(rules: readonly DeviceRuleInput[]): DeviceRuleInput[] {
  return [DENY_ALL, ...rules, ...ALWAYS_ALLOWED];
}
