/**
 * What a group and all groups below it have used. A part is absent where its controller does not count for the group, a number
 * where this kernel or version does not count it; what is there and zero was counted and is zero.
 *
 * The numbers mean the same on both versions, and are those of version 2; where version 1 only comes near, the field says so.
 * @see the kernel's admin-guide/cgroup-v2 and admin-guide/cgroup-v1
 */
export interface Stats {
  /** Absent without the controllers cpu and cpuacct (version 1); version 2 counts time in every group. */
  cpu?: CpuStats;
  /** Absent without the controller memory, and in the root group of version 2. */
  memory?: MemoryStats;
  /** Absent without the controller pids, and in the root group. */
  pids?: PidsStats;
  /** Absent without the controller io (version 2) or blkio (version 1). */
  io?: IoStats;
  /** By page size, such as `'2MB'`. Absent without the controller hugetlb. */
  hugetlb?: Readonly<Record<string, HugetlbStats>>;
  /** By device, such as `'mlx4_0'`. Absent without the controller rdma. */
  rdma?: Readonly<Record<string, RdmaStats>>;
  /** By resource, such as `'sev'`. Absent without the controller misc. */
  misc?: Readonly<Record<string, MiscStats>>;
  /** How long its processes waited. Absent on version 1, and where the kernel does not measure it (`psi=1` at boot). */
  pressure?: PressureStats;
}

/** Processor time, of all processes that were ever in the group. */
export interface CpuStats {
  usageNanoseconds?: bigint;
  /** Of the usage, in programs. Version 1 counts it in steps of 10 ms. */
  userNanoseconds?: bigint;
  /** Of the usage, in the kernel. Version 1 counts it in steps of 10 ms. */
  systemNanoseconds?: bigint;
  /** Periods that passed with a limit in force. Version 1 does not count those of groups below. */
  periods?: bigint;
  /** Of these, in how many the limit was met. */
  throttledPeriods?: bigint;
  /** How long processes were held back by the limit; added up over processors. */
  throttledNanoseconds?: bigint;
  /** In how many periods more was used than the limit, out of what was saved before. */
  burstPeriods?: bigint;
  /** The time used in this way. */
  burstNanoseconds?: bigint;
}

/** Memory, of the processes and of the kernel on their behalf. */
export interface MemoryStats {
  currentBytes?: bigint;
  /** What cannot be had back without effort: in use now, without the files that were not looked at lately. */
  workingSetBytes?: bigint;
  /** The most that was ever in use at once. Since Linux 5.19 on version 2. */
  peakBytes?: bigint;
  limitBytes?: bigint | 'max';
  /** Moved out to swap. On version 1 only where swap is accounted for (`swapaccount=1` at boot, the default since 5.8). */
  swapBytes?: bigint;
  /** In use that is no file: heaps, stacks. */
  anonymousBytes?: bigint;
  /** In use for files' contents, tmpfs and shared memory included. */
  fileBytes?: bigint;
  /** In use by the kernel. Since Linux 5.18 on version 2. */
  kernelBytes?: bigint;
  /** Processes the kernel killed for want of memory. Version 1 does not count those of groups below. */
  oomKills?: bigint;
  /**
   * How often the limit was met, and memory had to be freed first. Version 1 does not count it where memory with swap has no more
   * than memory alone: then look at `oomKills`, and at `peakBytes`.
   */
  limitHits?: bigint;
  /** How often `memory.high` was met; version 2 only. */
  highHits?: bigint;
}

/** Processes and threads. */
export interface PidsStats {
  current?: bigint;
  limit?: bigint | 'max';
  /** The most there were at once. Since Linux 6.1. */
  peak?: bigint;
  /** How often something could not be born because of the limit. */
  limitHits?: bigint;
}

/** Traffic with disks: of all devices, and of each by `'major:minor'`. */
export interface IoStats extends IoCounters {
  devices: Readonly<Record<string, IoCounters>>;
}

/** Bytes and operations. */
export interface IoCounters {
  readBytes: bigint;
  writtenBytes: bigint;
  discardedBytes: bigint;
  readOperations: bigint;
  writeOperations: bigint;
  discardOperations: bigint;
}

/** Huge pages of one size. */
export interface HugetlbStats {
  currentBytes?: bigint;
  /** Version 1 only. */
  peakBytes?: bigint;
  /** How often the limit was met. */
  limitHits?: bigint;
}

/** Resources of one RDMA device. */
export interface RdmaStats {
  hcaHandles?: bigint;
  hcaObjects?: bigint;
}

/** One of the things that the controller misc counts. */
export interface MiscStats {
  /** Units in use. */
  current: bigint;
  /** The most there were at once. Since Linux 6.11. */
  peak?: bigint;
  /** How often one could not be had because of the limit. Since Linux 5.16. */
  limitHits?: bigint;
}

/** By what was waited for. */
export interface PressureStats {
  cpu?: Pressure;
  memory?: Pressure;
  io?: Pressure;
  /** Interrupts of the machine. Since Linux 6.1, where the kernel counts them. */
  irq?: Pressure;
}

/** How much waiting there was. */
export interface Pressure {
  /** While at least one process waited. */
  some?: Stall;
  /** While all waited, and nothing was done. */
  full?: Stall;
}

/** Waiting as the kernel averages it, in percent of the time that passed, and added up. @see the kernel's accounting/psi */
export interface Stall {
  avg10Percent: number;
  avg60Percent: number;
  avg300Percent: number;
  totalNanoseconds: bigint;
}

/** Statistics with the moment they were read. */
export interface Snapshot extends Stats {
  /** When, on the clock of `process.hrtime.bigint()`; it never goes back. */
  atNanoseconds: bigint;
}

/** A part of {@link Stats}. */
export type StatsPart = keyof Stats;

/** The parts whose numbers can be read one by one. */
export type DividedPart = 'cpu' | 'memory' | 'pids' | 'pressure';

/** The names of the numbers of a part. */
export type FieldOf<Part extends DividedPart> = keyof NonNullable<Stats[Part]> & string;

/**
 * What to read: a whole part, or one number of it.
 * @example
 * const names: StatsName[] = ['cpu.usageNanoseconds', 'memory', 'pressure.io'];
 */
export type StatsName = StatsPart | { [Part in DividedPart]: `${Part}.${FieldOf<Part>}` }[DividedPart];

/**
 * What to read: some numbers or parts, or everything that the group counts.
 * @example
 * const selection: StatsSelection = ['cpu', 'memory.workingSetBytes'];
 */
export type StatsSelection = readonly StatsName[] | 'all';
