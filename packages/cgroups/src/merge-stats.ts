import type { Stats } from '@coracle/cgroups-core';

/**
 * The numbers of a group that may lie in both versions: each part from the version that has its controller. Version 2 counts
 * processor time without any; there version 1, which also counts what its limit did, is believed first.
 */
export function mergeStats(v1: Stats = {}, v2: Stats = {}): Stats {
  const cpu = v1.cpu || v2.cpu ? { cpu: { ...v2.cpu, ...v1.cpu } } : {};
  return { ...v2, ...v1, ...cpu };
}
