import type { Amount } from '@coracle/cgroups-core';

/** How version 1 writes an amount: no limit is -1. */
export function amountText(amount: Amount | number | string): string {
  return amount === 'max' ? '-1' : String(amount);
}
