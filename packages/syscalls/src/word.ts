/**
 * Writes a 64-bit word, little-endian. Numbers take the short way: a BigInt for each would be most of what encoding costs.
 * @param value a safe integer, negative ones in two's complement, or a bigint of at most 64 bits
 */
export function setWord(view: DataView, offset: number, value: number | bigint): void {
  if (typeof value === 'bigint') {
    view.setBigUint64(offset, BigInt.asUintN(64, value), true);
    return;
  }
  const low = value >>> 0;
  view.setUint32(offset, low, true);
  view.setInt32(offset + 4, low === value ? 0 : Math.floor(value / 0x100000000), true);
}

/**
 * The same at the `index`th 32-bit word of memory that is all zeros. Both architectures are little-endian, and an element of an array is
 * set without a call, which is most of what a view costs before it was compiled.
 */
export function putWord(words: Int32Array, index: number, value: number | bigint): void {
  if (typeof value === 'bigint') {
    const word = BigInt.asUintN(64, value);
    words[index] = Number(word & 0xffffffffn);
    words[index + 1] = Number(word >> 32n);
    return;
  }
  words[index] = value;
  if (value >>> 0 !== value) words[index + 1] = Math.floor(value / 0x100000000);
}
