import type { Stats } from '@coracle/cgroups-core';

/** The numbers of a group that may lie in both versions: each from the version that counts it, version 1 first. */
export function mergeStats(v1: Partial<Stats> = {}, v2: Partial<Stats> = {}): Stats {
  return {
    cpuUsec: v1.cpuUsec ?? v2.cpuUsec,
    memoryBytes: v1.memoryBytes ?? v2.memoryBytes,
    memoryPeakBytes: v1.memoryPeakBytes ?? v2.memoryPeakBytes,
    pids: v1.pids ?? v2.pids,
    pidsMaxHits: v1.pidsMaxHits ?? v2.pidsMaxHits,
    oomKills: v1.oomKills ?? v2.oomKills,
  };
}
