import { type Amount, type FileOperation, type HugetlbResources, type ReadFile, setFile } from '@coracle/cgroups-core';
import { need } from './need.ts';
import type { Place } from './place.ts';
import { amountText } from './text.ts';

/**
 * Limits on huge pages. Where reservations have no limit of their own they get that of use, if the kernel counts them.
 * @see the kernel's cgroup-v1/hugetlb documentation
 */
export function planHugetlb(
  sizes: Readonly<Record<string, HugetlbResources<Amount>>>,
  place: Place,
  read: ReadFile,
): FileOperation[] {
  return Object.entries(sizes).flatMap(([size, { max, reservedMax }]) => {
    const [used, reserved] = [`hugetlb.${size}.limit_in_bytes`, `hugetlb.${size}.rsvd.limit_in_bytes`];
    const has = (file: string): boolean => read(`${place.hugetlb}/${file}`) !== undefined;
    const isOld = has(used) && !has(reserved);
    const reservable = reservedMax ?? (isOld ? undefined : max);
    const set = (file: string, value: Amount | undefined, what: string): FileOperation[] =>
      value === undefined
        ? []
        : [setFile(need(place, 'hugetlb', file), amountText(value), `allow ${value} bytes of ${what} of ${size}`)];
    return [...set(used, max, 'huge pages'), ...set(reserved, reservable, 'reserved huge pages')];
  });
}
