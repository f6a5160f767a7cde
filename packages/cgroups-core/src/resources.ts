/** What a size or a count may be given as: a whole number, a text such as `'256m'` or `'1.5g'`, or `'max'` for no limit. */
export type Size = bigint | number | string;

/** A size or a count after the check. */
export type Amount = bigint | 'max';

/**
 * Everything a group can be given or denied, on either version of cgroups. What is absent stays as it is, `'max'` lifts a limit,
 * `0` is zero. What a version cannot do is refused with the alternative, never passed over.
 *
 * The short forms of {@link Limits} are part of it. `fromOci` of `@coracle/cgroups` makes one of an OCI `linux.resources`.
 * @typeParam S how sizes are given; {@link Amount} after the check
 * @see the kernel's admin-guide/cgroup-v2 and admin-guide/cgroup-v1
 * @example
 * const resources: Resources = { memory: { max: '1.5g', swapMax: 0 }, cpu: { shares: 512 }, cpuset: { cpus: '0-1' } };
 */
export interface Resources<S = Size> {
  /** Processes and threads, a whole number from 0 on. */
  pids?: number | 'max';
  /** Memory; a size alone is `{ max: size }`. */
  memory?: S | MemoryResources<S>;
  /** Processors' worth of time: 0.5 is half of one, in periods of 100 ms. Short for `cpu.quotaUsec` and `cpu.periodUsec`. */
  cpus?: number | 'max';
  /** Shares of and limits on processor time. */
  cpu?: CpuResources;
  /** Which processors and memory nodes can be used. */
  cpuset?: CpusetResources;
  /** Disks. */
  io?: IoResources<S>;
  /** Huge pages by their size, `'2MB'`, `'1GB'`; a size alone is `{ max: size }`. */
  hugetlb?: Readonly<Record<string, S | HugetlbResources<S>>>;
  /** Devices for remote direct memory access by name, `'mlx5_0'`. */
  rdma?: Readonly<Record<string, RdmaResources>>;
  /** Other countable resources of the machine by the names in `misc.capacity`, such as `sev`. Since Linux 5.13. */
  misc?: Readonly<Record<string, S>>;
  /** Marks on network packets; version 1 only. */
  network?: NetworkResources;
  /** Files of version 2 and what to write to them, as it stands, after all others; several lines are several writes. */
  unified?: Readonly<Record<string, string>>;
}

/** Memory, in bytes. */
export interface MemoryResources<S = Size> {
  /** The most that can be used: `memory.max`, on version 1 `memory.limit_in_bytes`. */
  max?: S;
  /** The most of swap alone: `memory.swap.max`. On version 1 it is turned into a limit on both together. */
  swapMax?: S;
  /** The most of memory and swap together, at least `max`: version 1's `memory.memsw.limit_in_bytes`, Docker's `--memory-swap`. */
  maxWithSwap?: S;
  /** Above it processes are slowed down and memory is taken back: `memory.high`. Version 2. */
  high?: S;
  /** Never taken back: `memory.min`. Version 2. */
  min?: S;
  /** Taken back only when there is no other: `memory.low`, on version 1 `memory.soft_limit_in_bytes`. */
  low?: S;
  /** The most of compressed memory: `memory.zswap.max`. Version 2, since Linux 5.19. */
  zswapMax?: S;
  /** Whether compressed memory may go on to the swap device: `memory.zswap.writeback`. Version 2, since Linux 6.8. */
  zswapWriteback?: boolean;
  /** Whether the group is killed as one: `memory.oom.group`. Version 2, since Linux 4.19. */
  oomGroup?: boolean;
  /** How readily memory goes to swap, 0 to 200. Version 1. */
  swappiness?: number;
  /** The most of the kernel's own memory. Version 1, and no longer with Linux 5.16. */
  kernelMax?: S;
  /** The most of buffers for TCP. Version 1. */
  kernelTcpMax?: S;
  /** Whether processes wait at the limit instead of being killed. Version 1. */
  disableOomKiller?: boolean;
  /** Whether the groups below count too. On version 2, and on version 1 since Linux 5.11, they always do. */
  useHierarchy?: boolean;
  /** Whether to refuse a `max` below what is in use, as version 1 does anyway; version 2 would kill. */
  checkBeforeUpdate?: boolean;
}

/** Processor time, in microseconds. */
export interface CpuResources {
  /** How long all processes together may run in a period, from 1000 on. */
  quotaUsec?: number | 'max';
  /** Length of a period, 1000 to 1000000; the kernel's own is 100000. */
  periodUsec?: number;
  /** How much unused quota may be saved up for later periods, at most the quota. Since Linux 5.14. */
  burstUsec?: number;
  /** Weight against others, 2 to 262144, 1024 is usual; version 2 gets the weight that stands for it. */
  shares?: number;
  /** Weight against others, 1 to 10000, 100 is usual: `cpu.weight`. Version 2. */
  weight?: number;
  /** To run only when nobody else wants to (SCHED_IDLE): `cpu.idle`. Since Linux 5.15. */
  idle?: boolean;
  /** Real-time work in a real-time period. Version 1. */
  realtimeRuntimeUsec?: number | 'max';
  /** Length of a real-time period. Version 1. */
  realtimePeriodUsec?: number;
  /** Least clock rate to ask for, in percent of the highest: `cpu.uclamp.min`. Version 2. */
  uclampMin?: number;
  /** Highest clock rate to ask for, in percent: `cpu.uclamp.max`. Version 2. */
  uclampMax?: number | 'max';
}

/** Processors and memory nodes, as lists: `'0-3,7'`. */
export interface CpusetResources {
  /** Processors. */
  cpus?: string;
  /** Memory nodes. */
  mems?: string;
  /** What kind of partition of the machine's processors the group is: `cpuset.cpus.partition`. Version 2. */
  partition?: 'member' | 'root' | 'isolated';
}

/** Disks, all and single ones. */
export interface IoResources<S = Size> {
  /** Weight against others, 10 to 1000; version 2's `io.weight` gets the weight that stands for it. */
  weight?: number;
  /** Weight against the groups below, 10 to 1000. Version 1 with the scheduler CFQ, before Linux 5.0. */
  leafWeight?: number;
  /** Single disks by their numbers, `'8:0'`, as lsblk(8) shows them. */
  devices?: Readonly<Record<string, IoDeviceResources<S>>>;
}

/** One disk. */
export interface IoDeviceResources<S = Size> {
  /** As of all, but for this one. */
  weight?: number;
  /** As of all, but for this one. */
  leafWeight?: number;
  /** The most bytes read in a second. */
  readBytesPerSec?: S;
  /** The most bytes written in a second. */
  writeBytesPerSec?: S;
  /** The most reads in a second. */
  readOpsPerSec?: S;
  /** The most writes in a second. */
  writeOpsPerSec?: S;
  /** Others are slowed down while reads and writes take longer than this, in microseconds: `io.latency`. Version 2. */
  latencyUsec?: number | 'max';
}

/** Huge pages of one size, in bytes; the kernel rounds down to whole pages. */
export interface HugetlbResources<S = Size> {
  /** The most that can be in use; holds for what is reserved too, unless `reservedMax` says otherwise. */
  max?: S;
  /** The most that can be reserved. Since Linux 5.7. */
  reservedMax?: S;
}

/** One device for remote direct memory access. */
export interface RdmaResources {
  /** The most handles that can be open. */
  handles?: number | 'max';
  /** The most objects that can exist. */
  objects?: number | 'max';
}

/** Network packets. */
export interface NetworkResources {
  /** Class for tc(8), `0xAAAABBBB` for AAAA:BBBB. */
  classId?: number;
  /** Priorities by interface. */
  priorities?: Readonly<Record<string, number>>;
}

/** {@link Resources} after the check: sizes are numbers, and the short forms are gone. */
export interface CheckedResources {
  pids?: number | 'max';
  memory?: MemoryResources<Amount>;
  cpu?: CpuResources;
  cpuset?: CpusetResources;
  io?: IoResources<Amount>;
  hugetlb?: Readonly<Record<string, HugetlbResources<Amount>>>;
  rdma?: Readonly<Record<string, RdmaResources>>;
  misc?: Readonly<Record<string, Amount>>;
  network?: NetworkResources;
  unified?: Readonly<Record<string, string>>;
}
