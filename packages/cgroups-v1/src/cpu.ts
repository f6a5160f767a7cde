import {
  CPU_PERIOD_USEC,
  type CpuResources,
  cpuQuotaUsec,
  type FileOperation,
  type Limits,
  parseNumber,
  type ReadFile,
  setFile,
} from '@coracle/cgroups-core';
import { need } from './need.ts';
import type { Place } from './place.ts';
import { amountText } from './text.ts';

/** The limit on processor time. @see the kernel's scheduler/sched-bwc documentation */
export function planCpus({ cpus }: Limits, place: Place): FileOperation[] {
  if (cpus === undefined) return [];
  const why = `allow ${cpus} processors' worth of time`;
  const quota = cpus === 'max' ? '-1' : String(cpuQuotaUsec(cpus));
  return [
    setFile(need(place, 'cpu', 'cpu.cfs_period_us'), String(CPU_PERIOD_USEC), why),
    setFile(need(place, 'cpu', 'cpu.cfs_quota_us'), quota, why),
  ];
}

/**
 * Everything about processor time. The kernel takes no shares for an idle group, so that ends before them and begins after.
 * @see the kernel's scheduler/sched-bwc, sched-rt-group and sched-design-CFS documentation
 */
export function planCpu(cpu: CpuResources, place: Place, read: ReadFile): FileOperation[] {
  const set = (file: string, value: number | 'max' | undefined, why: string): FileOperation[] =>
    value === undefined ? [] : [setFile(need(place, 'cpu', file), amountText(value), why)];
  const current = (file: string): number | undefined => toNumber(read(`${place.cpu}/${file}`));
  const { shares, quotaUsec, periodUsec, burstUsec, realtimeRuntimeUsec, realtimePeriodUsec, idle } = cpu;
  const burst = set('cpu.cfs_burst_us', burstUsec, `save up to ${burstUsec} microseconds of quota`);
  const time = inOrder({
    period: set('cpu.cfs_period_us', periodUsec, `count time in periods of ${periodUsec} microseconds`),
    work: set('cpu.cfs_quota_us', quotaUsec, `allow ${quotaUsec} microseconds of work in a period`),
    isLonger: isLonger(periodUsec, current('cpu.cfs_period_us')),
  });
  const realtime = inOrder({
    period: set(
      'cpu.rt_period_us',
      realtimePeriodUsec,
      `count real time in periods of ${realtimePeriodUsec} microseconds`,
    ),
    work: set('cpu.rt_runtime_us', realtimeRuntimeUsec, `allow ${realtimeRuntimeUsec} microseconds of real-time work`),
    isLonger: isLonger(realtimePeriodUsec, current('cpu.rt_period_us')),
  });
  return [
    ...(idle === false ? set('cpu.idle', 0, 'run like others') : []),
    ...set('cpu.shares', shares, `give it ${shares} shares of processor time`),
    ...realtime,
    // The kernel holds the burst at or below the quota.
    ...((burstUsec ?? 0) <= (current('cpu.cfs_quota_us') ?? Infinity) ? [...burst, ...time] : [...time, ...burst]),
    ...(idle === true ? set('cpu.idle', 1, 'run only when nobody else wants to') : []),
  ];
}

/** The part of the time must not pass that of the group above in between: so the longer period comes first, the shorter last. */
function inOrder({
  period,
  work,
  isLonger,
}: Record<'period' | 'work', FileOperation[]> & { isLonger: boolean }): FileOperation[] {
  return isLonger ? [...period, ...work] : [...work, ...period];
}

/** Of a new group nothing is known: it has no limit yet, and any order will do. */
function isLonger(wanted: number | undefined, current: number | undefined): boolean {
  return current === undefined || wanted === undefined || wanted >= current;
}

/** `undefined` also for -1, which is no limit. */
function toNumber(text: string | undefined): number | undefined {
  const number = parseNumber(text);
  return number === undefined ? undefined : Number(number);
}
