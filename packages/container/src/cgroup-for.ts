import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '@coracle/errors';
import type { CgroupPlan } from './cgroup-plan.ts';
import type { Host } from './host.ts';
import type { Isolation } from './isolation.ts';
import type { LimitOptions } from './options.ts';
export interface Limits {
  pids?: number | 'max';
  memory?: bigint | 'max';
  cpus?: number | 'max';
}

/** Numbers of a cgroup at its end; `undefined` where the kernel has none. */
export interface GroupStats {
  cpuUsec?: bigint | undefined;
  memoryPeakBytes?: bigint | undefined;
  oomKills?: bigint | undefined;
  pidsMaxHits?: bigint | undefined;
}
export interface Group {
  plan: CgroupPlan | undefined;
  readStats(texts: readonly string[]): GroupStats;
  inForce: Isolation['limits'];
  missing: Isolation['missing'];
  version: Isolation['cgroup'];
}
export function planGroup(_: { host: Host; id: string; limits: Limits; explicit: LimitOptions }): Group {
  return { plan: undefined, readStats: () => ({}), inForce: {}, missing: [], version: 'none' };
}

/** Removes a cgroup that is left over, with the groups in it. What is gone already, or still busy, is passed over. */
export function removeGroup(directory: string): void {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) removeGroup(join(directory, entry.name));
    }
    rmdirSync(directory);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EBUSY')) throw error;
  }
}
