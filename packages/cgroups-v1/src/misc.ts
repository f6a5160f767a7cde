import { type Amount, type FileOperation, setFile } from '@coracle/cgroups-core';
import { need } from './need.ts';
import type { Place } from './place.ts';

/** Limits on other countable resources. @see the kernel's cgroup-v1/misc documentation */
export function planMisc(resources: Readonly<Record<string, Amount>>, place: Place): FileOperation[] {
  return Object.entries(resources).map(([name, amount]) =>
    setFile(need(place, 'misc', 'misc.max'), `${name} ${amount}`, `allow ${amount} of ${name}`),
  );
}
