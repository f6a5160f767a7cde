import { type Amount, type FileOperation, setFile } from '@coracle/cgroups-core';

/** Limits on other countable resources. @see the kernel's cgroup-v2 documentation, "Misc" */
export function planMisc(resources: Readonly<Record<string, Amount>>, directory: string): FileOperation[] {
  return Object.entries(resources).map(([name, amount]) =>
    setFile(`${directory}/misc.max`, `${name} ${amount}`, `allow ${amount} of ${name}`),
  );
}
