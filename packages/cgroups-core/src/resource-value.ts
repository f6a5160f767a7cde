import { inspect } from 'node:util';
import { isErrno, SystemError } from '@coracle/errors';
import type { Amount } from './resources.ts';
import { LARGEST_SIZE, parseSize } from './size.ts';

/** Makes an exact value of a given one, or throws SystemError EINVAL naming the path, the value and what is allowed. */
export type ValueCheck<T> = (value: unknown, path: string) => T;

/** An error about a value of a resource, before anything is written. */
export function refusedValue(path: string, given: unknown, allowed: string): SystemError {
  const shown = typeof given === 'string' ? JSON.stringify(given) : inspect(given, { depth: 0, customInspect: false });
  return new SystemError({
    code: 'EINVAL',
    syscall: 'limit',
    path,
    text: `${shown} cannot be the value`,
    hint: `write ${allowed}`,
  });
}

/** An error about values that do not go together. */
export function refusedTogether(path: string, text: string, hint: string): SystemError {
  return new SystemError({ code: 'EINVAL', syscall: 'limit', path, text, hint });
}

/** A size or a count, from `least` on. */
export function amountFrom(least: bigint): ValueCheck<Amount> {
  return (value, path) => {
    const allowed = `a whole number from ${least} on, a size such as '256m' or '1.5g', or 'max'`;
    const amount = toAmount(value, () => refusedValue(path, value, allowed));
    if (amount === 'max' || (amount >= least && amount <= LARGEST_SIZE)) return amount;
    throw refusedValue(path, value, allowed);
  };
}

/** A size or a count from zero on. */
export const amount: ValueCheck<Amount> = amountFrom(0n);

function toAmount(value: unknown, refusal: () => SystemError): Amount {
  if (value === 'max' || typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value !== 'string') throw refusal();
  try {
    return parseSize(value);
  } catch (error) {
    throw isErrno(error, 'EINVAL') ? refusal() : error;
  }
}

/** A whole number in a range. */
export function whole(least: number, most: number): ValueCheck<number> {
  return (value, path) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw refusedValue(path, value, `a whole number from ${least} to ${most}`);
  };
}

/** A number in a range, with at most two decimals. */
export function percent(value: unknown, path: string): number {
  const isGood = typeof value === 'number' && value >= 0 && value <= 100 && Math.round(value * 100) / 100 === value;
  if (isGood) return value;
  throw refusedValue(path, value, 'a number from 0 to 100 with at most two decimals');
}

/** What a check takes, or `'max'`. */
export function orMax<T>(check: ValueCheck<T>): ValueCheck<T | 'max'> {
  return (value, path) => (value === 'max' ? 'max' : check(value, path));
}

/** Yes or no. */
export const flag: ValueCheck<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value;
  throw refusedValue(path, value, 'true or false');
};

/** One of some words. */
export function oneOf<const T extends string>(...words: readonly T[]): ValueCheck<T> {
  return (value, path) => {
    const word = words.find((one) => one === value);
    if (word !== undefined) return word;
    throw refusedValue(path, value, words.map((one) => `'${one}'`).join(' or '));
  };
}
