import type { Check } from './check.ts';
import { report } from './problem.ts';

/** A text that a system call can carry. */
export const text: Check<string> = matching(/^[^\0]*$/, 'a string without NUL');

/** A text with something in it. */
export const name: Check<string> = matching(/^[^\0]+$/, 'a non-empty string without NUL');

/** A path from the root. */
export const absolutePath: Check<string> = matching(/^\/[^\0]*$/, "an absolute path (one that begins with '/')");

/** `NAME=value`. */
export const variable: Check<string> = matching(/^[^=\0]+=[^\0]*$/, 'NAME=value, without NUL');

export const boolean: Check<boolean> = (value, at, problems): value is boolean =>
  typeof value === 'boolean' || report(problems, { path: at, value, allowed: 'true or false' });

/** The largest 32-bit numbers; the last one, -1 to the kernel, is no user and no group. */
const LARGEST_UINT32 = 2 ** 32 - 1;

export const uint16: Check<number> = integer(0, 2 ** 16 - 1);
export const uint32: Check<number> = integer(0, LARGEST_UINT32);
/** A user or group. */
export const id: Check<number> = integer(0, LARGEST_UINT32 - 1);

/** JSON's 2^63-1 and 2^64-1 arrive rounded up by one. */
export const int64: Check<number> = integer(-(2 ** 63), 2 ** 63);
export const uint64: Check<number> = integer(0, 2 ** 64);

/** A whole number in a range. */
export function integer(least: number, most: number): Check<number> {
  const allowed = `a whole number from ${least} to ${most}`;
  return (value, at, problems): value is number =>
    (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) ||
    report(problems, { path: at, value, allowed });
}

/** A text of a form. */
export function matching(pattern: RegExp, allowed: string): Check<string> {
  return (value, at, problems): value is string =>
    (typeof value === 'string' && pattern.test(value)) || report(problems, { path: at, value, allowed });
}

/** One of some words. */
export function oneOf<T extends string>(words: readonly T[]): Check<T> {
  const allowed = `one of ${words.join(', ')}`;
  const known: ReadonlySet<unknown> = new Set(words);
  return (value, at, problems): value is T => known.has(value) || report(problems, { path: at, value, allowed });
}
