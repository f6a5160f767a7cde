import { nearest } from '@coracle/errors';
import { refusedTogether, refusedValue, type ValueCheck } from './resource-value.ts';

/** A check for each field of an object. */
type Checks<T> = { readonly [K in keyof T]-?: ValueCheck<NonNullable<T[K]>> };

/**
 * The object with each field checked. What is `undefined` counts as absent.
 * @throws SystemError EINVAL for a field there is not, with the nearest one there is
 */
export function fieldsOf<T extends object>(value: unknown, path: string, checks: Checks<T>): T {
  const byName: ReadonlyMap<string, ValueCheck<unknown>> = new Map(Object.entries(checks));
  const entries = entriesOf(value, path).map(([key, given]): readonly unknown[] => {
    const check = byName.get(key);
    if (check === undefined) throw unknownField(path, key, [...byName.keys()]);
    return [key, check(given, join(path, key))];
  });
  return Object.fromEntries(entries);
}

/**
 * The table with each entry checked.
 * @param options `key`: what a key looks like; `example` of one
 * @throws SystemError EINVAL for a key that does not
 */
export function tableOf<T>(
  value: unknown,
  path: string,
  check: ValueCheck<T>,
  { key: form, example }: { key: RegExp; example: string },
): Record<string, T> {
  const entries = entriesOf(value, path).map(([key, given]) => {
    if (!form.test(key)) throw refusedValue(`${path}: ${key}`, key, `a name such as '${example}'`);
    return [key, check(given, `${path}['${key}']`)] as const;
  });
  return Object.fromEntries(entries);
}

function entriesOf(value: unknown, path: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refusedValue(path, value, 'an object');
  }
  return Object.entries(value).filter(([, given]) => given !== undefined);
}

function unknownField(path: string, key: string, known: readonly string[]): Error {
  const near = nearest(key, known);
  const hint = near === undefined ? `there are: ${known.join(', ')}` : `did you mean ${join(path, near)}?`;
  return refusedTogether(join(path, key), 'there is no such resource', hint);
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
