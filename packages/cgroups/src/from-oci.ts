import type {
  DeviceRuleInput,
  HugetlbResources,
  IoDeviceResources,
  IoResources,
  MemoryResources,
  NetworkResources,
  Resources,
} from '@coracle/cgroups-core';
import type * as oci from '@coracle/oci-spec';

/**
 * What an OCI configuration asks for (`linux.resources`), in the words of this package. It has the numbers of version 1: a
 * negative one is no limit. Zero leaves as is where it means nothing: no shares, no quota, no memory; as for runc a limit of 0
 * processes is 1, and for disks 0 lifts a rate.
 * @param ociVersion of the configuration; before 1.3 a limit of 0 processes is none: engines of that time, as CRI-O, write it where
 *   there is no limit, and runtimes of that time do nothing then. The newest if absent
 * @returns the resources; and the rules for devices, which are `undefined` when there are none
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#control-groups
 * @example
 * fromOci({ memory: { limit: 268435456, swap: -1 }, cpu: { shares: 512 } }).resources;
 * // { memory: { max: 268435456n, maxWithSwap: 'max' }, cpu: { shares: 512 } }
 */
export function fromOci(
  from: oci.Resources,
  ociVersion?: string,
): {
  resources: Resources;
  devices: readonly DeviceRuleInput[] | undefined;
} {
  const { memory, cpu, pids, blockIO, hugepageLimits, network, rdma, unified } = from;
  const resources = {
    ...meant({ pids: pidsOf(pids?.limit, ociVersion) }),
    ...(memory ? { memory: memoryOf(memory) } : {}),
    ...cpuOf(cpu ?? {}),
    ...(blockIO ? { io: ioOf(blockIO) } : {}),
    ...(hugepageLimits ? { hugetlb: hugetlbOf(hugepageLimits) } : {}),
    ...(network ? { network: networkOf(network) } : {}),
    ...(rdma ? { rdma: rdmaOf(rdma) } : {}),
    ...(unified ? { unified } : {}),
  };
  return { resources, devices: from.devices?.map(ruleOf) };
}

/** An empty type is none, and other letters are no access: the specification tells neither, runc and crun read both so. */
function ruleOf({ type, access, ...rule }: oci.DeviceRule): DeviceRuleInput {
  return {
    ...rule,
    ...(type ? { type: type === 'u' ? 'c' : type } : {}),
    ...(access === undefined ? {} : { access: access.replace(/[^rwm]/g, '') }),
  };
}

/** From here on a number is no limit: in JSON the largest of 64 bits comes out as this. */
const UNLIMITED = 2 ** 63;

function amountOf(value: number): bigint | 'max' {
  return value < 0 || value >= UNLIMITED ? 'max' : BigInt(value);
}

/** The fields that are neither absent nor, where it means nothing, 0. */
function meant<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries: (readonly unknown[])[] = Object.entries(fields);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function unlessZero<T>(value: number | undefined, convert: (value: number) => T): T | undefined {
  return value === undefined || value === 0 ? undefined : convert(value);
}

/** See "PIDs" in config-linux.md: with 1.3 the limit became optional, and 0 one. */
const BEFORE_ZERO_WAS_A_LIMIT = /^(0|1\.[0-2])\./;

function pidsOf(limit: number | undefined, ociVersion = ''): number | 'max' | undefined {
  if (limit === undefined || (limit === 0 && BEFORE_ZERO_WAS_A_LIMIT.test(ociVersion))) return undefined;
  return limit < 0 ? 'max' : Math.max(limit, 1);
}

function memoryOf(memory: oci.MemoryResources): MemoryResources {
  const { limit, swap, reservation, kernel, kernelTCP, swappiness, disableOOMKiller, useHierarchy } = memory;
  const max = unlessZero(limit, amountOf);
  return meant({
    max,
    // Who may have all memory may have all swap.
    maxWithSwap: unlessZero(swap, amountOf) ?? (max === 'max' ? max : undefined),
    low: unlessZero(reservation, amountOf),
    kernelMax: unlessZero(kernel, amountOf),
    kernelTcpMax: unlessZero(kernelTCP, amountOf),
    swappiness,
    disableOomKiller: disableOOMKiller,
    useHierarchy,
    checkBeforeUpdate: memory.checkBeforeUpdate,
  });
}

function cpuOf(cpu: oci.CpuResources): Pick<Resources, 'cpu' | 'cpuset'> {
  const { shares, quota, period, burst, realtimeRuntime, realtimePeriod, cpus, mems, idle } = cpu;
  const numberOrMax = (value: number): number | 'max' => (value < 0 ? 'max' : value);
  const asIs = (value: number): number => value;
  const time = meant({
    // The kernel takes what is outside for the nearest end.
    shares: unlessZero(shares, (value) => Math.min(Math.max(value, 2), 262_144)),
    quotaUsec: unlessZero(quota, numberOrMax),
    periodUsec: unlessZero(period, asIs),
    burstUsec: burst,
    realtimeRuntimeUsec: unlessZero(realtimeRuntime, numberOrMax),
    realtimePeriodUsec: unlessZero(realtimePeriod, asIs),
    idle: idle === undefined ? undefined : idle !== 0,
  });
  const set = meant({ cpus: cpus || undefined, mems: mems || undefined });
  return {
    ...(Object.keys(time).length === 0 ? {} : { cpu: time }),
    ...(Object.keys(set).length === 0 ? {} : { cpuset: set }),
  };
}

function ioOf(io: oci.BlockIOResources): IoResources {
  const devices: Record<string, IoDeviceResources> = {};
  const put = ({ major, minor }: oci.BlockIODevice, fields: IoDeviceResources): void => {
    if (Object.keys(fields).length > 0) devices[`${major}:${minor}`] = { ...devices[`${major}:${minor}`], ...fields };
  };
  const rate = (value: number): bigint | 'max' => (value === 0 ? 'max' : amountOf(value));
  const asIs = (value: number): number => value;
  for (const one of io.weightDevice ?? []) {
    put(one, meant({ weight: unlessZero(one.weight, asIs), leafWeight: unlessZero(one.leafWeight, asIs) }));
  }
  for (const one of io.throttleReadBpsDevice ?? []) put(one, { readBytesPerSec: rate(one.rate ?? 0) });
  for (const one of io.throttleWriteBpsDevice ?? []) put(one, { writeBytesPerSec: rate(one.rate ?? 0) });
  for (const one of io.throttleReadIOPSDevice ?? []) put(one, { readOpsPerSec: rate(one.rate ?? 0) });
  for (const one of io.throttleWriteIOPSDevice ?? []) put(one, { writeOpsPerSec: rate(one.rate ?? 0) });
  return {
    ...meant({ weight: unlessZero(io.weight, asIs), leafWeight: unlessZero(io.leafWeight, asIs) }),
    ...(Object.keys(devices).length === 0 ? {} : { devices }),
  };
}

function hugetlbOf(limits: readonly oci.HugepageLimit[]): Record<string, HugetlbResources> {
  return Object.fromEntries(limits.map(({ pageSize, limit }) => [pageSize, { max: amountOf(limit) }]));
}

function networkOf({ classID, priorities }: oci.NetworkResources): NetworkResources {
  return {
    ...meant({ classId: unlessZero(classID, (value) => value) }),
    ...(priorities ? { priorities: Object.fromEntries(priorities.map(({ name, priority }) => [name, priority])) } : {}),
  };
}

function rdmaOf(rdma: Record<string, oci.RdmaResources>): NonNullable<Resources['rdma']> {
  return Object.fromEntries(
    Object.entries(rdma).map(([device, { hcaHandles: handles, hcaObjects: objects }]) => [
      device,
      meant({ handles, objects }),
    ]),
  );
}
