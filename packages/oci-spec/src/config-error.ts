import type { Problem } from './validate/problem.ts';

/**
 * A configuration that is not one of the OCI runtime specification.
 *
 * `path`, `found` and `allowed` are those of the first problem; `problems` has all, in the order of the fields.
 * @example
 * try { validateConfig({ ociVersion: '1.3.0' }); } catch (error) { console.error(error.message); }
 * // invalid configuration: $.root must be an object, found nothing
 */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError';
  /** Always this; tells the error from others without `instanceof`. */
  readonly code = 'ERR_CORACLE_CONFIG';
  /** Where, as a JSON path: `$.process.args[0]`. */
  readonly path: string;
  /** What is there, shortened. */
  readonly found: string;
  /** What may be there; completes the sentence "must be ...". */
  readonly allowed: string;
  /** All that is wrong; the first of them is the one above. */
  readonly problems: readonly Problem[];

  constructor(first: Problem, others: readonly Problem[] = []) {
    const more =
      others.length === 0 ? '' : ` (and ${others.length} more ${others.length === 1 ? 'problem' : 'problems'})`;
    super(`invalid configuration: ${first.path} must be ${first.allowed}, found ${first.found}${more}`);
    this.path = first.path;
    this.found = first.found;
    this.allowed = first.allowed;
    this.problems = [first, ...others];
  }
}
