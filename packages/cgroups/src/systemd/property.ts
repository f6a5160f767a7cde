import { type Amount, parseCpuList } from '@coracle/cgroups-core';

/** A property of a unit, with the D-Bus signature of its value. */
export type Property = readonly [name: string, value: readonly [signature: string, value: unknown]];

/** How systemd writes that there is no limit. */
export const INFINITY: bigint = 2n ** 64n - 1n;
const USEC_PER_SEC = 1_000_000;
/** What systemd writes down of a quota, and finds when it is reloaded. */
const PERCENT_USEC = USEC_PER_SEC / 100;

/** 64 bits go as text: a number has not as many. */
export function number(name: string, value: Amount | number | undefined): Property | undefined {
  return value === undefined ? undefined : [name, ['t', String(value === 'max' ? INFINITY : value)]];
}

/** The processor time of a second, in whole percents: less than one would be no limit once systemd is reloaded. */
export function perSecond(quotaUsec: number | 'max' | undefined, periodUsec = 100_000): number | 'max' | undefined {
  if (typeof quotaUsec !== 'number') return quotaUsec;
  return Math.ceil((quotaUsec * USEC_PER_SEC) / periodUsec / PERCENT_USEC) * PERCENT_USEC;
}

/** A bit for each number, the lowest byte first. */
export function set(name: string, list: string | undefined): Property | undefined {
  if (list === undefined) return undefined;
  const numbers = parseCpuList(list) ?? [];
  const bytes = new Uint8Array(Math.floor(Math.max(0, ...numbers) / 8) + 1);
  for (const one of numbers) bytes[one >> 3] = (bytes[one >> 3] ?? 0) | (1 << (one & 7));
  return [name, ['ay', [...bytes]]];
}
