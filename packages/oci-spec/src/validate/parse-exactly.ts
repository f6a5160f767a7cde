import { isRounded, roundedNumbers } from './rounded-numbers.ts';

/** All bits set: JSON.parse() makes it `2 ** 64`, which is taken for it everywhere. */
export const ALL_BITS = '18446744073709551615';

/**
 * What JSON.parse() makes of the text of a configuration or of a seccomp profile, but that what a rule compares with stays exact:
 * where JavaScript would round it, it is a text of its digits. Rounded it would be another filter.
 * @returns the type is the caller's word, as with JSON.parse(); `validateConfig` looks
 * @throws SyntaxError as JSON.parse() does
 * @example
 * const config: unknown = parseExactly(readFileSync('config.json', 'utf8'));
 */
export function parseExactly<T = unknown>(text: string): T {
  const value: T = JSON.parse(text);
  for (const { keys, source } of roundedNumbers(text)) {
    if (isCompared(keys) && source !== ALL_BITS) put(value, keys, source);
  }
  return value;
}

/** Whether a member is what a seccomp rule compares an argument with. Programs in Go take names in any case. */
export function isCompared(keys: readonly (string | number)[]): boolean {
  return /^(linux\.seccomp\.)?syscalls\.\d+\.args\.\d+\.value(two)?$/i.test(keys.join('.'));
}

/** Whether a text is a number of 64 bits that has to be written in digits. */
export function isExact(value: unknown): value is string {
  return typeof value === 'string' && /^\d/.test(value) && isRounded(value) && BigInt(value) <= BigInt(ALL_BITS);
}

function put(value: unknown, keys: readonly (string | number)[], source: string): void {
  let parent = value;
  for (const key of keys.slice(0, -1)) parent = memberOf(parent, key);
  const name = keys.at(-1) ?? '';
  // Of two members with one name the last counts, which may be of another kind.
  if (memberOf(parent, name) === Number(source)) Reflect.set(Object(parent), name, source);
}

function memberOf(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}
