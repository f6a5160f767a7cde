import { ConfigError, type Problem } from '@coracle/oci-spec';
import { validateConfig } from '@coracle/oci-spec/validate';

/** The way from the top of a value to a part of it. */
export type Keys = readonly (string | number)[];

type Container = Record<string | number, unknown>;

/** Whether a value has parts. */
export function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/** The ways to every part of a value, the value itself left out. */
export function partsOf(value: unknown): Keys[] {
  if (!isContainer(value)) return [];
  return Object.keys(value).flatMap((name) => {
    const key = Array.isArray(value) ? Number(name) : name;
    return [[key], ...partsOf(value[key]).map((rest) => [key, ...rest])];
  });
}

/** A part of a value. */
export function partAt(value: unknown, keys: Keys): unknown {
  return keys.reduce<unknown>((part, key) => (isContainer(part) ? part[key] : undefined), value);
}

/** A copy with another value in one place; `undefined` takes the member away. */
export function withPart(value: unknown, [key, ...rest]: Keys, part: unknown): unknown {
  if (key === undefined) return part;
  if (!isContainer(value)) throw new Error(`nothing at ${key}`);
  const copy: Container = Array.isArray(value) ? Object.assign([], value) : { ...value };
  copy[key] = withPart(value[key], rest, part);
  if (copy[key] === undefined) delete copy[key];
  return copy;
}

/** The way as a JSON path. */
export function pathOf(keys: Keys): string {
  const parts = keys.map((key) => {
    if (typeof key === 'number') return `[${key}]`;
    return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(key) ? `.${key}` : `["${key}"]`;
  });
  return `$${parts.join('')}`;
}

/** What validation finds wrong; nothing if it passes. */
export function problemsOf(value: unknown, validate: (value: unknown) => unknown = validateConfig): readonly Problem[] {
  try {
    validate(value);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
