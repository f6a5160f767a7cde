import { CPU_PERIOD_USEC, cpuQuotaUsec, type FileOperation, type Limits } from '@coracle/cgroups-core';
import { need } from './need.ts';
import type { Place } from './place.ts';

/** The limit on processor time; version 1 writes no limit as -1. @see the kernel's scheduler/sched-bwc documentation */
export function planCpu({ cpus }: Limits, place: Place): FileOperation[] {
  if (cpus === undefined) return [];
  const why = `allow ${cpus} processors' worth of time`;
  const quota = cpus === 'max' ? '-1' : String(cpuQuotaUsec(cpus));
  return [
    { kind: 'write', path: need(place, 'cpu', 'cpu.cfs_period_us'), value: String(CPU_PERIOD_USEC), why },
    { kind: 'write', path: need(place, 'cpu', 'cpu.cfs_quota_us'), value: quota, why },
  ];
}
