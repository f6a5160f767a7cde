/** What of Bun's foreign-function interface is used here. */
declare module 'bun:ffi' {
  type CType = 'i16' | 'i32' | 'i64_fast' | 'ptr';
  type CValue = number | bigint | NodeJS.TypedArray;

  export function dlopen<Name extends string>(
    library: string,
    functions: Readonly<Record<Name, { args: readonly CType[]; returns: CType }>>,
  ): { symbols: Record<Name, (...args: CValue[]) => number> };

  /** The address of the first byte. */
  export function ptr(bytes: NodeJS.TypedArray): number;

  export const read: { i32(address: number): number };
}
