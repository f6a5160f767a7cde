import { errnoTable } from './errno-table.ts';

/** The name of an errno, as in errno(3): `'EPERM'`, `'ENOENT'` ... */
export type ErrnoName = keyof ReturnType<typeof errnoTable>;

let byName: ReturnType<typeof errnoTable> | undefined;
let names: ReadonlyMap<number, ErrnoName> | undefined;

function table(): ReturnType<typeof errnoTable> {
  byName ??= errnoTable();
  return byName;
}

/**
 * The positive number of an errno name.
 * @see errno(3)
 * @example
 * errnoNumber('ENOENT'); // 2
 */
export function errnoNumber(name: ErrnoName): number {
  return table()[name][0];
}

/**
 * The name of an errno number, given positive (as in C) or negative (as the kernel and Node return it).
 * @returns `undefined` for a number that is no errno.
 * @see errno(3)
 * @example
 * errnoName(-2); // 'ENOENT'
 */
export function errnoName(number: number): ErrnoName | undefined {
  names ??= new Map(Object.entries(table()).map(([name, [number]]) => [number, name as ErrnoName]));
  return names.get(Math.abs(number));
}

/**
 * What an errno means, in words: lower case, no full stop.
 * @see strerror(3)
 * @example
 * errnoText('EPERM'); // 'operation not permitted'
 */
export function errnoText(name: ErrnoName): string {
  return table()[name][1];
}

/**
 * Whether a value is the name of an errno; Node has codes that are none.
 * @example
 * isErrnoName('ERR_INVALID_ARG_TYPE'); // false
 */
export function isErrnoName(name: unknown): name is ErrnoName {
  return typeof name === 'string' && Object.hasOwn(table(), name);
}
