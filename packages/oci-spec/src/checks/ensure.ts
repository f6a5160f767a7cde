import { ConfigError } from '../config-error.ts';
import type { Check } from './check.ts';
import { type Findings, type Remark, show } from './findings.ts';

/** What {@link ensure} is to know besides the value. */
export interface EnsureOptions {
  /** What the value is to be, for the message: "invalid state". `undefined`: `configuration`. */
  what?: string | undefined;
  /** Called for each oddity of a value that passes. `undefined`: nobody wants to know. */
  onRemark?: ((remark: Remark) => void) | undefined;
  /** What is known of the value already, as from reading its text. `undefined`: nothing. */
  findings?: Findings | undefined;
}

/**
 * The value as a `T`: the same value, for which the check holds.
 * @throws {ConfigError} `ERR_CORACLE_CONFIG`; it names every problem with its JSON path.
 * @example
 * const names = ensure(JSON.parse('["a", "b"]'), arrayOf(text));
 */
export function ensure<T>(
  value: unknown,
  check: Check<T>,
  { what = 'configuration', onRemark, findings = { problems: [], remarks: [] } }: EnsureOptions = {},
): T {
  const { problems, remarks } = findings;
  if (!check(value, '$', findings) || problems.length > 0) {
    const [first = { path: '$', found: show(value), allowed: `a ${what}` }, ...others] = problems;
    throw new ConfigError(first, others, { what, remarks });
  }
  if (onRemark !== undefined) for (const remark of remarks) onRemark(remark);
  return value;
}
