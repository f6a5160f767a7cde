import type { Check } from '../checks/check.ts';
import { report } from '../checks/findings.ts';

/** The newest version that these types follow, but for its patches, which add nothing. */
const [MAJOR, MINOR] = [1, 3] as const;

/** A version as in semver 2.0.0: no leading zeros, and nothing empty between the dots of what follows `-` and `+`. */
export const version: Check<string> = (value, at, findings): value is string =>
  (typeof value === 'string' && isSemver(value)) ||
  report(findings, { path: at, value, allowed: "a version such as '1.3.0'" });

/** Whether a version may have fields that are not known here. */
export function isNewerThanOurs(value: string): boolean {
  const [major = 0, minor = 0] = value.split('.', 2).map(Number);
  return major > MAJOR || (major === MAJOR && minor > MINOR);
}

function isSemver(value: string): boolean {
  const [released = '', build, ...more] = value.split('+');
  const dash = released.indexOf('-');
  const core = dash < 0 ? released : released.slice(0, dash);
  const identifiers = dash < 0 ? [] : released.slice(dash + 1).split('.');
  return (
    more.length === 0 &&
    /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}$/.test(core) &&
    identifiers.every((one) => /^[\dA-Za-z-]+$/.test(one) && !/^0\d+$/.test(one)) &&
    (build ?? 'none').split('.').every((one) => /^[\dA-Za-z-]+$/.test(one))
  );
}
