import type { Problem, Remark } from './checks/findings.ts';

/** What a {@link ConfigError} tells beside the problems. */
export interface ConfigErrorOptions {
  /** What the value was to be. `undefined`: `configuration`. */
  what?: string | undefined;
  /** What is odd besides: a misspelt field may be why another one is missing. `undefined`: nothing. */
  remarks?: readonly Remark[] | undefined;
}

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
  /** What is odd besides, such as fields that are not known. */
  readonly remarks: readonly Remark[];
  /** What was probably meant: a sentence. `undefined` where nothing looks misspelt. */
  readonly hint: string | undefined;

  constructor(
    first: Problem,
    others: readonly Problem[] = [],
    { what = 'configuration', remarks = [] }: ConfigErrorOptions = {},
  ) {
    const more =
      others.length === 0 ? '' : ` (and ${others.length} more ${others.length === 1 ? 'problem' : 'problems'})`;
    super(`invalid ${what}: ${first.path} must be ${first.allowed}, found ${first.found}${more}`);
    this.path = first.path;
    this.found = first.found;
    this.allowed = first.allowed;
    this.problems = [first, ...others];
    this.remarks = remarks;
    this.hint = first.hint ?? hintOf(remarks);
  }
}

function hintOf(remarks: readonly Remark[]): string | undefined {
  const misspelt = remarks.find(({ meant }) => meant !== undefined);
  return misspelt && `${misspelt.path} ${misspelt.text}`;
}
