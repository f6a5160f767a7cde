import type { Check } from './check.ts';
import { report } from './findings.ts';
import { meantBy } from './misspelling.ts';

/** A text that a system call can carry. */
export const text: Check<string> = (value, at, findings): value is string =>
  isText(value) || report(findings, { path: at, value, allowed: 'a string without NUL' });

/** A text with something in it. */
export const name: Check<string> = (value, at, findings): value is string =>
  (isText(value) && value !== '') || report(findings, { path: at, value, allowed: 'a non-empty string without NUL' });

/** A path from the root. */
export const absolutePath: Check<string> = (value, at, findings): value is string =>
  (isText(value) && value.startsWith('/')) ||
  report(findings, { path: at, value, allowed: "an absolute path (one that begins with '/')" });

/** `NAME=value`. */
export const variable: Check<string> = (value, at, findings): value is string =>
  (isText(value) && value.indexOf('=') > 0) ||
  report(findings, { path: at, value, allowed: 'NAME=value, without NUL' });

/** `true` or `false`. */
export const boolean: Check<boolean> = (value, at, findings): value is boolean =>
  typeof value === 'boolean' || report(findings, { path: at, value, allowed: 'true or false' });

/** The largest 32-bit number; to the kernel it is -1, which is no user and no group. */
const LARGEST_UINT32 = 2 ** 32 - 1;

/** A whole number of 16 bits. */
export const uint16: Check<number> = (value, at, findings): value is number =>
  integer(0, 2 ** 16 - 1)(value, at, findings);

/** A whole number of 32 bits. */
export const uint32: Check<number> = (value, at, findings): value is number =>
  integer(0, LARGEST_UINT32)(value, at, findings);

/** A user or group. */
export const id: Check<number> = (value, at, findings): value is number =>
  integer(0, LARGEST_UINT32 - 1)(value, at, findings);

/** A whole number of 64 bits with a sign. JSON's 2^63-1 arrives rounded up by one. */
export const int64: Check<number> = (value, at, findings): value is number =>
  integer(-(2 ** 63), 2 ** 63)(value, at, findings);

/** A whole number of 64 bits without a sign. JSON's 2^64-1 arrives rounded up by one. */
export const uint64: Check<number> = (value, at, findings): value is number => integer(0, 2 ** 64)(value, at, findings);

/**
 * A whole number in a range.
 * @example
 * const percent: Check<number> = integer(0, 100);
 */
export function integer(least: number, most: number): Check<number> {
  return (value, at, findings): value is number =>
    (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) ||
    report(findings, { path: at, value, allowed: `a whole number from ${least} to ${most}` });
}

/**
 * A text of a form.
 * @example
 * const size: Check<string> = matching(/^\d+[KMG]B$/, "a size such as '2MB'");
 */
export function matching(pattern: RegExp, allowed: string): Check<string> {
  return (value, at, findings): value is string =>
    (typeof value === 'string' && pattern.test(value)) || report(findings, { path: at, value, allowed });
}

/**
 * One of some words. Who writes one that is nearly one of them gets it as a hint.
 * @example
 * const door: Check<'open' | 'shut'> = oneOf(['open', 'shut']);
 */
export function oneOf<const T extends string>(words: readonly T[]): Check<T> {
  const known: ReadonlySet<unknown> = new Set(words);
  return (value, at, findings): value is T => {
    if (known.has(value)) return true;
    const meant = typeof value === 'string' ? meantBy(value, words) : undefined;
    const hint = meant === undefined ? undefined : `did you mean '${meant}'?`;
    return report(findings, { path: at, value, allowed: `one of ${words.join(', ')}`, hint });
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0');
}
