import { SystemError } from '@coracle/errors';
import { checkDeviceRule, type DeviceRule } from './device-rule.ts';

/** `type major:minor access`. The numbers are looked at more closely by the check of the rule. */
const RULE = /^([abc])\s+(\d{1,10}|\*):(\d{1,10}|\*)\s+([rwm]{1,3})$/;

/**
 * The rule of a text such as `c 1:3 rwm` or `b *:* m`: the form of the files of version 1 and of Docker's
 * `--device-cgroup-rule`. A lone `a` is `a *:* rwm`.
 * @param options `allow`: what the rule does, to allow if absent
 * @throws SystemError EINVAL with the part of the text that is wrong
 * @example
 * parseDeviceRule('c 1:3 rw'); // { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }
 */
export function parseDeviceRule(text: string, { allow = true }: { allow?: boolean } = {}): DeviceRule {
  const trimmed = text.trim();
  const [, type, major = '*', minor = '*', access] = RULE.exec(trimmed === 'a' ? 'a *:* rwm' : trimmed) ?? [];
  if (type === undefined || access === undefined) throw refused(text, whatIsWrong(trimmed));
  const number = (digits: string): number => (digits === '*' ? -1 : Number(digits));
  return checkDeviceRule({ allow, type, major: number(major), minor: number(minor), access });
}

/** The first part that does not fit, in words. */
function whatIsWrong(text: string): string {
  const [type = '', numbers = '', access = '', ...rest] = text.split(/\s+/);
  if (!/^[abc]$/.test(type)) return type === '' ? 'it is empty' : `the type is ${JSON.stringify(type)}, not a, b or c`;
  if (!/^(\d{1,10}|\*):(\d{1,10}|\*)$/.test(numbers)) {
    return numbers === ''
      ? 'the numbers are missing'
      : `the numbers are ${JSON.stringify(numbers)}, not such as 1:3, 136:* or *:*`;
  }
  if (access === '') return 'the access is missing';
  if (rest.length > 0) return `${JSON.stringify(rest.join(' '))} is too much`;
  return `the access is ${JSON.stringify(access)}, not one to three of r, w and m`;
}

function refused(text: string, problem: string): SystemError {
  return new SystemError({
    code: 'EINVAL',
    syscall: 'parseDeviceRule',
    text: `'${text}' is no rule for devices: ${problem}`,
    hint: `write TYPE MAJOR:MINOR ACCESS, such as 'c 1:3 rwm' or 'b *:* m'; ls -l /dev shows the numbers`,
  });
}

/**
 * The text of a rule, as the files of version 1 take it; whether it allows is not in it.
 * @example
 * formatDeviceRule({ allow: true, type: 'c', major: 136, access: 'rwm' }); // 'c 136:* rwm'
 */
export function formatDeviceRule({ type, major, minor, access }: DeviceRule): string {
  const text = (number = -1): string => (number === -1 ? '*' : String(number));
  return `${type} ${text(major)}:${text(minor)} ${access}`;
}
