import { ConfigError } from '@coracle/oci-spec';
import { type Findings, report } from '@coracle/oci-spec/checks';

/** Something of a valid configuration that is done otherwise than it says, or not at all, and is no reason to stop. */
export interface ConfigWarning {
  /** Where, as a JSON path: `$.process.capabilities.bounding`. */
  path: string;
  /** Goes on after the path. */
  text: string;
}

/**
 * The error for a part of a valid configuration that this machine, or this runtime, cannot do.
 * @param allowed completes "must be ...": usually `absent, as ...`
 * @param hint what the user can do
 */
export function cannot({ path, value }: { path: string; value: unknown }, allowed: string, hint?: string): ConfigError {
  const findings: Findings = { problems: [], remarks: [] };
  report(findings, { path, value, allowed, hint });
  const [first, ...others] = findings.problems;
  return new ConfigError(first ?? { path, found: 'something', allowed }, others);
}

/** By its code: `instanceof` knows the class of one realm alone. */
export function isConfigError(error: unknown): error is ConfigError {
  return error instanceof Error && 'code' in error && error.code === 'ERR_CORACLE_CONFIG';
}
