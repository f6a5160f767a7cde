import { checkCpuList } from './cpu-list.ts';
import { CPU_PERIOD_USEC, checkLimits, cpuQuotaUsec, LONGEST_QUOTA_USEC, SHORTEST_QUOTA_USEC } from './limits.ts';
import { fieldsOf, tableOf } from './resource-shape.ts';
import {
  amount,
  amountFrom,
  flag,
  oneOf,
  orMax,
  percent,
  refusedTogether,
  refusedValue,
  type ValueCheck,
  whole,
} from './resource-value.ts';
import type {
  Amount,
  CheckedResources,
  CpuResources,
  CpusetResources,
  HugetlbResources,
  IoDeviceResources,
  IoResources,
  MemoryResources,
  NetworkResources,
  RdmaResources,
  Resources,
} from './resources.ts';
import { checkUnifiedFile, checkUnifiedValue } from './unified-file.ts';

const LARGEST_UINT32 = 2 ** 32 - 1;
const LARGEST_INT32 = 2 ** 31 - 1;

/**
 * Refuses resources that cannot be meant, before anything is written, and gives the others in exact numbers: sizes as bigint,
 * short forms written out, what is absent left out.
 * @throws SystemError EINVAL naming the field, what was given and what is allowed; for a field there is not, the nearest one
 * @example
 * checkResources({ memory: '256m', cpus: 0.5 });
 * // { memory: { max: 268435456n }, cpu: { quotaUsec: 50000, periodUsec: 100000 } }
 */
export function checkResources(resources: Resources): CheckedResources {
  const { cpus, cpu, ...others } = fieldsOf<CheckedResources & { cpus?: number | 'max' }>(resources, '', {
    pids: checkPids,
    memory: sizeOr(checkMemory),
    cpus: checkCpus,
    cpu: checkCpu,
    cpuset: checkCpuset,
    io: checkIo,
    hugetlb: (value, path) => tableOf(value, path, sizeOr(checkHugetlb), { key: /^[1-9]\d*[KMG]B$/, example: '2MB' }),
    rdma: (value, path) => tableOf(value, path, checkRdma, { key: /^[^\s/]+$/, example: 'mlx5_0' }),
    misc: (value, path) => tableOf(value, path, amount, { key: /^[^\s/]+$/, example: 'sev' }),
    network: checkNetwork,
    unified: checkUnified,
  });
  const time = cpus === undefined ? cpu : { ...timeOf(cpus, cpu), ...cpu };
  return { ...others, ...(time === undefined ? {} : { cpu: time }) };
}

/** A bare size stands for `{ max: size }`. */
function sizeOr<T extends { max?: Amount }>(check: ValueCheck<T>): ValueCheck<T | { max: Amount }> {
  return (value, path) =>
    typeof value === 'object' && value !== null ? check(value, path) : { max: amount(value, path) };
}

const checkPids: ValueCheck<number | 'max'> = (value, path) => {
  if (value !== 'max' && typeof value !== 'number')
    throw refusedValue(path, value, "a whole number from 0 on, or 'max'");
  checkLimits({ pids: value });
  return value;
};

const checkCpus: ValueCheck<number | 'max'> = (value, path) => {
  if (value !== 'max' && typeof value !== 'number') throw refusedValue(path, value, "a number from 0.01 on, or 'max'");
  checkLimits({ cpus: value });
  return value;
};

function timeOf(cpus: number | 'max', cpu: CpuResources = {}): CpuResources {
  if (cpu.quotaUsec !== undefined || cpu.periodUsec !== undefined) {
    throw refusedTogether(
      'cpus',
      'it says the same as cpu.quotaUsec and cpu.periodUsec',
      'write either cpus or the two others',
    );
  }
  return { quotaUsec: cpus === 'max' ? 'max' : cpuQuotaUsec(cpus), periodUsec: CPU_PERIOD_USEC };
}

const checkMemory: ValueCheck<MemoryResources<Amount>> = (value, path) => {
  const memory = fieldsOf<MemoryResources<Amount>>(value, path, {
    max: amount,
    swapMax: amount,
    maxWithSwap: amount,
    high: amount,
    min: amount,
    low: amount,
    zswapMax: amount,
    zswapWriteback: flag,
    oomGroup: flag,
    swappiness: whole(0, 200),
    kernelMax: amount,
    kernelTcpMax: amount,
    disableOomKiller: flag,
    useHierarchy: flag,
    checkBeforeUpdate: flag,
  });
  const { max, swapMax, maxWithSwap } = memory;
  if (maxWithSwap === undefined) return memory;
  if (swapMax !== undefined) {
    throw refusedTogether(`${path}.swapMax`, 'memory.maxWithSwap limits swap too', 'write one of the two');
  }
  if (maxWithSwap !== 'max' && max !== undefined && (max === 'max' || max > maxWithSwap)) {
    throw refusedTogether(
      `${path}.maxWithSwap`,
      `${maxWithSwap} for memory and swap together is less than ${max} for memory alone`,
      "write at least as much as memory.max, or 'max'; for swap alone there is memory.swapMax",
    );
  }
  return memory;
};

const checkCpu: ValueCheck<CpuResources> = (value, path) => {
  const cpu = fieldsOf<CpuResources>(value, path, {
    quotaUsec: orMax(whole(SHORTEST_QUOTA_USEC, LONGEST_QUOTA_USEC)),
    periodUsec: whole(1000, 1_000_000),
    burstUsec: whole(0, LONGEST_QUOTA_USEC),
    shares: whole(2, 262_144),
    weight: whole(1, 10_000),
    idle: flag,
    realtimeRuntimeUsec: orMax(whole(0, LARGEST_INT32)),
    realtimePeriodUsec: whole(1, LARGEST_INT32),
    uclampMin: percent,
    uclampMax: orMax(percent),
  });
  const { quotaUsec, burstUsec = 0, realtimeRuntimeUsec, realtimePeriodUsec = LARGEST_INT32 } = cpu;
  if (cpu.shares !== undefined && cpu.weight !== undefined) {
    throw refusedTogether(`${path}.weight`, 'cpu.shares is a weight too', 'write one of the two');
  }
  if (typeof quotaUsec === 'number' && burstUsec > quotaUsec) {
    throw refusedValue(`${path}.burstUsec`, burstUsec, `at most the quota, ${quotaUsec}`);
  }
  if (typeof realtimeRuntimeUsec === 'number' && realtimeRuntimeUsec > realtimePeriodUsec) {
    throw refusedValue(`${path}.realtimeRuntimeUsec`, realtimeRuntimeUsec, `at most the period, ${realtimePeriodUsec}`);
  }
  return cpu;
};

const checkCpuset: ValueCheck<CpusetResources> = (value, path) =>
  fieldsOf<CpusetResources>(value, path, {
    cpus: checkCpuList,
    mems: checkCpuList,
    partition: oneOf('member', 'root', 'isolated'),
  });

const weight = whole(10, 1000);
/** The kernel takes no zero for a rate. */
const rate = amountFrom(1n);

const checkIo: ValueCheck<IoResources<Amount>> = (value, path) =>
  fieldsOf<IoResources<Amount>>(value, path, {
    weight,
    leafWeight: weight,
    devices: (devices, at) =>
      tableOf(devices, at, checkIoDevice, { key: /^(0|[1-9]\d{0,3}):(0|[1-9]\d{0,6})$/, example: '8:0' }),
  });

const checkIoDevice: ValueCheck<IoDeviceResources<Amount>> = (value, path) =>
  fieldsOf<IoDeviceResources<Amount>>(value, path, {
    weight,
    leafWeight: weight,
    readBytesPerSec: rate,
    writeBytesPerSec: rate,
    readOpsPerSec: rate,
    writeOpsPerSec: rate,
    latencyUsec: orMax(whole(1, Number.MAX_SAFE_INTEGER)),
  });

const checkHugetlb: ValueCheck<HugetlbResources<Amount>> = (value, path) =>
  fieldsOf<HugetlbResources<Amount>>(value, path, { max: amount, reservedMax: amount });

const count = orMax(whole(0, LARGEST_INT32));

const checkRdma: ValueCheck<RdmaResources> = (value, path) =>
  fieldsOf<RdmaResources>(value, path, { handles: count, objects: count });

const checkNetwork: ValueCheck<NetworkResources> = (value, path) =>
  fieldsOf<NetworkResources>(value, path, {
    classId: whole(0, LARGEST_UINT32),
    priorities: (priorities, at) =>
      tableOf(priorities, at, whole(0, LARGEST_UINT32), { key: /^[^\s/:]{1,15}$/, example: 'eth0' }),
  });

const checkUnified: ValueCheck<Record<string, string>> = (value, path) => {
  const files = tableOf(value, path, checkUnifiedValue, { key: /^\S+$/, example: 'memory.high' });
  for (const file of Object.keys(files)) checkUnifiedFile(file);
  return files;
};
