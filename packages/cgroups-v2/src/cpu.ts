import {
  CPU_PERIOD_USEC,
  type CpuResources,
  cpuQuotaUsec,
  type FileOperation,
  type Limits,
  type ReadFile,
  setFile,
} from '@coracle/cgroups-core';
import { cpuWeightOf } from './cpu-weight.ts';

/** The limit on processor time, quota and period in one file. @see the kernel's cgroup-v2 documentation, "CPU" */
export function planCpus({ cpus }: Limits, directory: string): FileOperation[] {
  if (cpus === undefined) return [];
  const value = `${cpus === 'max' ? 'max' : cpuQuotaUsec(cpus)} ${CPU_PERIOD_USEC}`;
  return [setFile(`${directory}/cpu.max`, value, `allow ${cpus} processors' worth of time`)];
}

/**
 * Everything about processor time. The kernel takes no weight for an idle group, so that ends before it and begins after.
 * @see the kernel's cgroup-v2 documentation, "CPU"
 */
export function planCpu(cpu: CpuResources, directory: string, read: ReadFile): FileOperation[] {
  const set = (file: string, value: string | number | undefined, why: string): FileOperation[] =>
    value === undefined ? [] : [setFile(`${directory}/${file}`, String(value), why)];
  const { shares, burstUsec, idle, uclampMin, uclampMax } = cpu;
  const weight = cpu.weight ?? (shares === undefined ? undefined : cpuWeightOf(shares));
  const [quota = 'max'] = read(`${directory}/cpu.max`)?.split(/\s/) ?? [];
  const time = set('cpu.max', timeText(cpu, quota), 'allow so much work in a period, both in microseconds');
  const burst = set('cpu.max.burst', burstUsec, `save up to ${burstUsec} microseconds of quota`);
  return [
    ...(idle === false ? set('cpu.idle', 0, 'run like others') : []),
    ...set('cpu.weight', weight, `give it a weight of ${weight} for processor time`),
    // The kernel holds the burst at or below the quota.
    ...((burstUsec ?? 0) <= (quota === 'max' ? Infinity : Number(quota)) ? [...burst, ...time] : [...time, ...burst]),
    ...set('cpu.uclamp.min', uclampMin, `ask for a clock rate of ${uclampMin} percent at least`),
    ...set('cpu.uclamp.max', uclampMax, `ask for a clock rate of ${uclampMax} percent at most`),
    ...(idle === true ? set('cpu.idle', 1, 'run only when nobody else wants to') : []),
  ];
}

/** The file takes a quota alone and leaves the period; for a period alone the quota has to be said again. */
function timeText({ quotaUsec, periodUsec }: CpuResources, current: string): string | undefined {
  if (periodUsec !== undefined) return `${quotaUsec ?? current} ${periodUsec}`;
  return quotaUsec === undefined ? undefined : String(quotaUsec);
}
