/**
 * Major and minor number of a device, out of `st_rdev`.
 * @see makedev(3): the numbers are interleaved, so that old ones of 16 bits keep their meaning
 */
export function deviceNumbers(device: bigint): { major: number; minor: number } {
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
  };
}
