import { memberPath, type Problem, report } from './problem.ts';

/** Whether a value is a `T`; if not, the reasons are added to `problems`, with their paths below `at`. */
export type Check<T> = (value: unknown, at: string, problems: Problem[]) => value is T;

/** A condition on a value that has the right shape: adds a problem when it does not hold. */
export type Rule<T> = (value: T, at: string, problems: Problem[]) => void;

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

type AnyCheck = (value: unknown, at: string, problems: Problem[]) => boolean;
type AnyField = AnyCheck | { required: AnyCheck };

/** Marks the check of a member that must be there. */
export function required<T>(check: Check<T>): RequiredField<T> {
  return { required: check };
}

/** An object with these members. Others are ignored; `undefined` counts as absent. */
export function object<T extends object>(fields: Fields<T>): Check<T> {
  const entries: [string, AnyField][] = Object.entries(fields);
  return (value, at, problems): value is T => {
    if (!isRecord(value)) return report(problems, { path: at, value, allowed: 'an object' });
    const before = problems.length;
    for (const [name, field] of entries) {
      const member = value[name];
      if (typeof field !== 'function') field.required(member, memberPath(at, name), problems);
      else if (member !== undefined) field(member, memberPath(at, name), problems);
    }
    return problems.length === before;
  };
}

/** An array of such items. */
export function arrayOf<T>(item: Check<T>): Check<T[]> {
  return (value, at, problems): value is T[] => {
    if (!Array.isArray(value)) return report(problems, { path: at, value, allowed: 'an array' });
    const before = problems.length;
    for (const [index, one] of value.entries()) item(one, `${at}[${index}]`, problems);
    return problems.length === before;
  };
}

/** An object of any names with such values; `name` checks the names too. */
export function recordOf<T>(item: Check<T>, name?: Check<string>): Check<Record<string, T>> {
  return (value, at, problems): value is Record<string, T> => {
    if (!isRecord(value)) return report(problems, { path: at, value, allowed: 'an object' });
    const before = problems.length;
    for (const [key, one] of Object.entries(value)) {
      const path = memberPath(at, key);
      if (name === undefined || name(key, path, problems)) item(one, path, problems);
    }
    return problems.length === before;
  };
}

/** A check with further conditions, which are looked at only where the shape is right. */
export function where<T>(check: Check<T>, ...rules: Rule<T>[]): Check<T> {
  return (value, at, problems): value is T => {
    if (!check(value, at, problems)) return false;
    const before = problems.length;
    for (const rule of rules) rule(value, at, problems);
    return problems.length === before;
  };
}

/** At least one item. */
export function notEmpty(allowed: string): Rule<unknown[]> {
  return (items, at, problems) => {
    if (items.length === 0) report(problems, { path: at, value: items, allowed });
  };
}

/** No two items with the same `type`. The later one is reported. */
export const uniqueTypes: Rule<{ type: string }[]> = (items, at, problems) => {
  const seen = new Set<string>();
  for (const [index, { type }] of items.entries()) {
    if (seen.has(type)) {
      report(problems, { path: `${at}[${index}].type`, value: type, allowed: 'named once only' });
    }
    seen.add(type);
  }
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
