import { CAPABILITY_NAMES, type CapabilityName, capabilityNumber } from './names.ts';

/** A set of capabilities: bit n stands for the capability with the number n. What /proc/PID/status shows in hexadecimal. */
export type CapabilityMask = bigint;

/** The capability with this number, alone in a set. */
const BITS: readonly CapabilityMask[] = CAPABILITY_NAMES.map((_, number) => 1n << BigInt(number));

/**
 * The set of the capabilities named.
 * @example
 * toMask(['CAP_CHOWN', 'CAP_FOWNER']); // 9n
 */
export function toMask(names: Iterable<CapabilityName>): CapabilityMask {
  let mask = 0n;
  for (const name of names) mask |= BITS[capabilityNumber(name)] ?? 0n;
  return mask;
}

/**
 * The names of the capabilities in a set, in the kernel's order. Those of a kernel newer than this package have no name
 * and are left out; {@link numbersOf} has them.
 * @example
 * fromMask(9n); // ['CAP_CHOWN', 'CAP_FOWNER']
 */
export function fromMask(mask: CapabilityMask): CapabilityName[] {
  return CAPABILITY_NAMES.filter((_, number) => (mask & (BITS[number] ?? 0n)) !== 0n);
}

/**
 * The numbers of the capabilities in a set, in ascending order, with or without a name.
 * @example
 * numbersOf(9n); // [0, 3]
 */
export function numbersOf(mask: CapabilityMask): number[] {
  const numbers = [];
  for (let number = 0, rest = mask; rest !== 0n; number++, rest >>= 1n) if (rest & 1n) numbers.push(number);
  return numbers;
}

/**
 * The set of all capabilities up to a number; by default of all that have a name here.
 * @param last such as {@link lastCapability} tells
 * @example
 * allCapabilities(); // 0x1ffffffffffn
 */
export function allCapabilities(last: number = CAPABILITY_NAMES.length - 1): CapabilityMask {
  return (1n << BigInt(last + 1)) - 1n;
}
