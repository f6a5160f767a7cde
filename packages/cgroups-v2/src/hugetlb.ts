import { type Amount, type FileOperation, type HugetlbResources, type ReadFile, setFile } from '@coracle/cgroups-core';

/**
 * Limits on huge pages. Where reservations have no limit of their own they get that of use, if the kernel counts them.
 * @see the kernel's cgroup-v2 documentation, "HugeTLB"
 */
export function planHugetlb(
  sizes: Readonly<Record<string, HugetlbResources<Amount>>>,
  directory: string,
  read: ReadFile,
): FileOperation[] {
  return Object.entries(sizes).flatMap(([size, { max, reservedMax }]) => {
    const [used, reserved] = [`${directory}/hugetlb.${size}.max`, `${directory}/hugetlb.${size}.rsvd.max`];
    const isOld = read(used) !== undefined && read(reserved) === undefined;
    const reservable = reservedMax ?? (isOld ? undefined : max);
    const set = (file: string, value: Amount | undefined, what: string): FileOperation[] =>
      value === undefined ? [] : [setFile(file, String(value), `allow ${value} bytes of ${what} of ${size}`)];
    return [...set(used, max, 'huge pages'), ...set(reserved, reservable, 'reserved huge pages')];
  });
}
