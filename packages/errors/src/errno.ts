import { ERRNO_NUMBERS, errnoTexts } from './errno-table.ts';

/** The name of an errno, as in errno(3): `'EPERM'`, `'ENOENT'` ... */
export type ErrnoName = keyof typeof ERRNO_NUMBERS;

let names: ReadonlyMap<number, ErrnoName> | undefined;
let texts: ReturnType<typeof errnoTexts> | undefined;

/**
 * The positive number of an errno name.
 * @see errno(3)
 * @example
 * errnoNumber('ENOENT'); // 2
 */
export function errnoNumber(name: ErrnoName): number {
  return ERRNO_NUMBERS[name];
}

/**
 * The name of an errno number, given positive (as in C) or negative (as the kernel and Node return it).
 * @returns `undefined` for a number that is no errno.
 * @see errno(3)
 * @example
 * errnoName(-2); // 'ENOENT'
 */
export function errnoName(number: number): ErrnoName | undefined {
  names ??= new Map(Object.entries(ERRNO_NUMBERS).map(([name, number]) => [number, name as ErrnoName]));
  return names.get(Math.abs(number));
}

/**
 * What an errno means, in words: lower case, no full stop.
 * @see strerror(3)
 * @example
 * errnoText('EPERM'); // 'operation not permitted'
 */
export function errnoText(name: ErrnoName): string {
  texts ??= errnoTexts();
  return texts[name];
}

/**
 * Whether a value is the name of an errno; Node has codes that are none.
 * @example
 * isErrnoName('ERR_INVALID_ARG_TYPE'); // false
 */
export function isErrnoName(name: unknown): name is ErrnoName {
  return typeof name === 'string' && Object.hasOwn(ERRNO_NUMBERS, name);
}
