import { SystemError } from '@coracle/errors';

/**
 * One rule about device nodes, in the shape of the OCI runtime specification (`linux.resources.devices`). In a list of rules
 * the later one wins, for each kind of access by itself; what no rule speaks of is denied.
 * @see the kernel's admin-guide/cgroup-v1/devices
 * @example
 * const rule: DeviceRule = { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }; // /dev/null
 */
export interface DeviceRule {
  /** Whether it allows or denies. */
  allow: boolean;
  /** Character devices, block devices, or all: an `a` rule is about every device and every access. */
  type: 'a' | 'b' | 'c';
  /** The driver's number; absent or -1: any. */
  major?: number;
  /** The number of the device among the driver's; absent or -1: any. */
  minor?: number;
  /** Of `r` (open for reading), `w` (open for writing) and `m` (make a node with mknod(2)), at least one. */
  access: string;
}

/** A rule as it stands in an OCI configuration, where the type may be absent (`a`), and the access too (`rwm`). */
export interface DeviceRuleInput extends Omit<DeviceRule, 'type' | 'access'> {
  type?: string;
  access?: string;
}

/** The kinds of access, in the order in which they are written. */
export const DEVICE_ACCESS = 'rwm';

/** Device numbers of the kernel have 12 bits for the major, 20 for the minor number; see makedev(3). */
const LARGEST = { major: 0xfff, minor: 0xfffff } as const;

/**
 * Refuses rules that cannot be meant and gives the others in one spelling: any number is absent, each kind of access stands
 * there once, in the order `rwm`. Of devices of both types that have a number, or for less than every access, there are two rules: the kernel
 * of version 1 would take one of type `a` for a rule about all there are.
 * @throws SystemError EINVAL naming the rule, what is wrong in it and what to write
 * @example
 * checkDeviceRules([{ allow: false }]); // [{ allow: false, type: 'a', access: 'rwm' }]
 */
export function checkDeviceRules(rules: readonly DeviceRuleInput[]): DeviceRule[] {
  return rules.flatMap((rule): DeviceRule[] => {
    const checked = inOneSpelling(rule);
    return checked.type === 'a' && !isAboutAll(checked)
      ? [
          { ...checked, type: 'c' },
          { ...checked, type: 'b' },
        ]
      : [checked];
  });
}

/** As {@link checkDeviceRules}, for one that stays one. */
export function checkDeviceRule(rule: DeviceRuleInput): DeviceRule {
  const checked = inOneSpelling(rule);
  if (checked.type === 'a' && !isAboutAll(checked)) {
    throw refused(
      rule,
      'the type a means every device and every access',
      'write one rule with c and one with b instead, or a *:* rwm',
    );
  }
  return checked;
}

function isAboutAll({ major, minor, access }: DeviceRule): boolean {
  return major === undefined && minor === undefined && access === DEVICE_ACCESS;
}

function inOneSpelling(rule: DeviceRuleInput): DeviceRule {
  const { allow, type = 'a', access = DEVICE_ACCESS } = rule;
  // What comes out of a file is checked by no compiler: the text "false" would allow.
  if (typeof allow !== 'boolean') throw refused(rule, `allow is ${JSON.stringify(allow)}`, 'write true or false');
  if (type !== 'a' && type !== 'b' && type !== 'c') {
    throw refused(rule, `there is no type ${JSON.stringify(type)}`, 'write c for character or b for block devices');
  }
  const letters = sortedAccess(access);
  if (letters === undefined) {
    throw refused(rule, `${JSON.stringify(access)} is no access`, 'write one or more of r, w and m, such as rwm');
  }
  const major = checkNumber(rule, 'major');
  const minor = checkNumber(rule, 'minor');
  return {
    allow,
    type,
    ...(major === undefined ? {} : { major }),
    ...(minor === undefined ? {} : { minor }),
    access: letters,
  };
}

/** Each letter once and in order; `undefined` when there is none, or another one. */
function sortedAccess(access: string): string | undefined {
  if (typeof access !== 'string' || !/^[rwm]+$/.test(access)) return undefined;
  return [...DEVICE_ACCESS].filter((letter) => access.includes(letter)).join('');
}

function checkNumber(rule: DeviceRuleInput, which: 'major' | 'minor'): number | undefined {
  const value = rule[which];
  if (value === undefined || value === -1) return undefined;
  const largest = LARGEST[which];
  if (Number.isInteger(value) && value >= 0 && value <= largest) return value;
  throw refused(
    rule,
    `no device has the ${which} number ${value}`,
    `write a number from 0 to ${largest}, as ls -l /dev shows it, or leave it out for any`,
  );
}

function refused(rule: DeviceRuleInput, text: string, hint: string): SystemError {
  return new SystemError({
    code: 'EINVAL',
    syscall: 'rule',
    path: 'devices',
    detail: JSON.stringify(rule),
    text,
    hint,
  });
}
