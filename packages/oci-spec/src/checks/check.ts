import { type Findings, memberPath, report } from './findings.ts';
import { meantBy } from './misspelling.ts';

/** Whether a value is a `T`; if not, the reasons are added to the findings, with their paths below `at`. */
export type Check<T> = (value: unknown, at: string, findings: Findings) => value is T;

/** A condition on a value that has the right shape: adds a problem when it does not hold. */
export type Rule<T> = (value: T, at: string, findings: Findings) => void;

/** The check of a member that must be there. */
export interface RequiredField<T> {
  required: Check<T>;
}

/** A check for every member of `T`, wrapped in {@link required} where `T` requires the member. */
export type Fields<T> = {
  readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K>
    ? Check<Exclude<T[K], undefined>>
    : RequiredField<T[K]>;
};

type AnyCheck = (value: unknown, at: string, findings: Findings) => boolean;
type AnyField = AnyCheck | { required: AnyCheck };

/**
 * Marks the check of a member that must be there.
 * @example
 * const sized: Check<{ size: number }> = object<{ size: number }>({ size: required(uint32) });
 */
export function required<T>(check: Check<T>): RequiredField<T> {
  return { required: check };
}

/**
 * An object with these members. Others are ignored, with a remark where one is probably misspelt; `undefined` counts as absent.
 * @example
 * const named: Check<{ name: string }> = object<{ name: string }>({ name: required(text) });
 */
export function object<T extends object>(fields: Fields<T>): Check<T> {
  const entries: [string, AnyField][] = Object.entries(fields);
  return (value, at, findings): value is T => {
    if (!isRecord(value)) return report(findings, { path: at, value, allowed: 'an object' });
    const before = findings.problems.length;
    for (const [name, field] of entries) {
      const member = value[name];
      if (typeof field !== 'function') field.required(member, memberPath(at, name), findings);
      else if (member !== undefined) field(member, memberPath(at, name), findings);
    }
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(fields, name)) remarkOn(name, { at, known: Object.keys(fields), findings });
    }
    return findings.problems.length === before;
  };
}

function remarkOn(
  name: string,
  { at, known, findings }: { at: string; known: readonly string[]; findings: Findings },
): void {
  const meant = meantBy(name, known);
  if (meant === undefined) return;
  const text = `is not a field of the specification and is ignored; did you mean '${meant}'?`;
  findings.remarks.push({ path: memberPath(at, name), text, meant });
}

/**
 * An array of such items.
 * @example
 * const words: Check<string[]> = arrayOf(text);
 */
export function arrayOf<T>(item: Check<T>): Check<T[]> {
  return (value, at, findings): value is T[] => {
    if (!Array.isArray(value)) return report(findings, { path: at, value, allowed: 'an array' });
    const before = findings.problems.length;
    // A profile has hundreds of names, and each pair of `entries` would be an object or two.
    for (let index = 0; index < value.length; index++) item(value[index], `${at}[${index}]`, findings);
    return findings.problems.length === before;
  };
}

/**
 * An object of any names with such values; `name` checks the names too.
 * @example
 * const annotations: Check<Record<string, string>> = recordOf(text, name);
 */
export function recordOf<T>(item: Check<T>, name?: Check<string>): Check<Record<string, T>> {
  return (value, at, findings): value is Record<string, T> => {
    if (!isRecord(value)) return report(findings, { path: at, value, allowed: 'an object' });
    const before = findings.problems.length;
    for (const [key, one] of Object.entries(value)) {
      const path = memberPath(at, key);
      if (name === undefined || name(key, path, findings)) item(one, path, findings);
    }
    return findings.problems.length === before;
  };
}

/**
 * A check with further conditions, which are looked at only where the shape is right.
 * @example
 * const some: Check<string[]> = where(arrayOf(text), notEmpty('an array with a word in it'));
 */
export function where<T>(check: Check<T>, ...rules: Rule<T>[]): Check<T> {
  return (value, at, findings): value is T => {
    if (!check(value, at, findings)) return false;
    const before = findings.problems.length;
    for (const rule of rules) rule(value, at, findings);
    return findings.problems.length === before;
  };
}

/**
 * At least one item.
 * @example
 * const some: Check<string[]> = where(arrayOf(text), notEmpty('an array with a word in it'));
 */
export function notEmpty(allowed: string): Rule<unknown[]> {
  return (items, at, findings) => {
    if (items.length === 0) report(findings, { path: at, value: items, allowed });
  };
}

/** No two items with the same `type`. The later one is reported. */
export const uniqueTypes: Rule<{ type: string }[]> = (items, at, findings) => {
  const seen = new Set<string>();
  for (const [index, { type }] of items.entries()) {
    if (seen.has(type)) {
      report(findings, { path: `${at}[${index}].type`, value: type, allowed: 'named once only' });
    }
    seen.add(type);
  }
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
