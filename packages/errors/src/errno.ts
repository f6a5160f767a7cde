import { ERRNO_TABLE } from './errno-table.ts';

/** The name of an errno, as in errno(3): `'EPERM'`, `'ENOENT'` ... */
export type ErrnoName = keyof typeof ERRNO_TABLE;

const NAME_OF = new Map<number, ErrnoName>();
for (const [name, [number]] of Object.entries(ERRNO_TABLE)) NAME_OF.set(number, name as ErrnoName);

/**
 * The positive number of an errno name.
 * @see errno(3)
 * @example
 * errnoNumber('ENOENT'); // 2
 */
export function errnoNumber(name: ErrnoName): number {
  return ERRNO_TABLE[name][0];
}

/**
 * The name of an errno number, given positive (as in C) or negative (as the kernel and Node return it).
 * @returns `undefined` for a number that is no errno.
 * @see errno(3)
 * @example
 * errnoName(-2); // 'ENOENT'
 */
export function errnoName(number: number): ErrnoName | undefined {
  return NAME_OF.get(Math.abs(number));
}

/**
 * What an errno means, in words: lower case, no full stop.
 * @see strerror(3)
 * @example
 * errnoText('EPERM'); // 'operation not permitted'
 */
export function errnoText(name: ErrnoName): string {
  return ERRNO_TABLE[name][1];
}
