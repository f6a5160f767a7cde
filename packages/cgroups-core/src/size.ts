import { SystemError } from '@coracle/errors';

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  k: 1n << 10n,
  m: 1n << 20n,
  g: 1n << 30n,
  t: 1n << 40n,
  p: 1n << 50n,
};

/** The largest size the kernel can count. */
export const LARGEST_SIZE: bigint = 2n ** 63n - 1n;

/**
 * Bytes of a size as people write it: digits, perhaps a fraction, perhaps a unit of 1024 (`k`, `m`, `g`, `t`, `p`, with or
 * without `b` or `ib`, in either case). A fraction of a byte is cut off.
 * @throws SystemError EINVAL for anything else
 * @example
 * parseSize('1.5g'); // 1610612736n
 */
export function parseSize(text: string): bigint {
  const [, whole = '', fraction = '', unit = ''] =
    /^(\d{1,19})(?:\.(\d{1,9}))?(?:([kmgtp])(?:i?b)?|b)?$/i.exec(text.trim()) ?? [];
  const scale = UNITS[unit.toLowerCase()];
  if (whole === '' || scale === undefined) throw refused(text);
  const bytes =
    BigInt(whole) * scale + (fraction === '' ? 0n : (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length));
  if (bytes > LARGEST_SIZE) throw refused(text);
  return bytes;
}

function refused(text: string): SystemError {
  return new SystemError({
    code: 'EINVAL',
    syscall: 'parseSize',
    text: `'${text}' is no size`,
    hint: 'write a number of bytes, or a number with k, m, g, t or p, such as 256m or 1.5g',
  });
}
