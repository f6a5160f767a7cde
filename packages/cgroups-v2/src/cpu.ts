import { CPU_PERIOD_USEC, cpuQuotaUsec, type FileOperation, type Limits } from '@coracle/cgroups-core';

/** The limit on processor time, quota and period in one file. @see the kernel's cgroup-v2 documentation, "CPU" */
export function planCpu({ cpus }: Limits, directory: string): FileOperation[] {
  if (cpus === undefined) return [];
  const value = `${cpus === 'max' ? 'max' : cpuQuotaUsec(cpus)} ${CPU_PERIOD_USEC}`;
  return [{ kind: 'write', path: `${directory}/cpu.max`, value, why: `allow ${cpus} processors' worth of time` }];
}
