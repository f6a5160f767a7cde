/**
 * Limits of a container's cgroup, in the words of cgroup v1; runtimes convert them for v2.
 * -1 stands for no limit where a number may be negative.
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html
 */
export interface Resources {
  /** Which devices can be used, in order: the last rule that fits decides. */
  devices?: DeviceRule[];
  /** Memory. */
  memory?: MemoryResources;
  /** Processor time and processors. */
  cpu?: CpuResources;
  /** Number of processes. */
  pids?: PidsResources;
  /** Input and output of disks. */
  blockIO?: BlockIOResources;
  /** Huge pages, by their size. */
  hugepageLimits?: HugepageLimit[];
  /** Class and priorities of network packets (cgroup v1 only). */
  network?: NetworkResources;
  /** RDMA handles and objects, by device: `mlx5_1`. */
  rdma?: Record<string, RdmaResources>;
  /** Files of cgroup v2 and what to write to them, as they are: `memory.high` to `1073741824`. */
  unified?: Record<string, string>;
}

/** One rule on the use of devices. */
export interface DeviceRule {
  /** Whether it allows or forbids. */
  allow: boolean;
  /** `c` character, `b` block, `a` all. Absent: `a`. */
  type?: string;
  /** Major number. Absent (or -1): any. */
  major?: number;
  /** Minor number. Absent (or -1): any. */
  minor?: number;
  /** Of `r` read, `w` write, `m` make. Absent: all three. */
  access?: string;
}

/** Limits on memory, in bytes; -1 is no limit, absent leaves as is. */
export interface MemoryResources {
  /** The most that can be used. */
  limit?: number;
  /** What is left to the container when memory is short. */
  reservation?: number;
  /** The most of memory and swap together; so it is at least `limit`. */
  swap?: number;
  /** The most of the kernel's own memory. Deprecated, and ignored by new kernels. */
  kernel?: number;
  /** The most of TCP buffers. Deprecated with cgroup v2. */
  kernelTCP?: number;
  /** How readily memory goes to swap, 0 to 100. */
  swappiness?: number;
  /** Whether processes wait instead of being killed at the limit (cgroup v1 only). */
  disableOOMKiller?: boolean;
  /** Whether children count too (cgroup v1 only; v2 always does). */
  useHierarchy?: boolean;
  /** Whether to refuse a limit below what is used now. */
  checkBeforeUpdate?: boolean;
}

/** Shares and limits of processor time. Absent leaves as is. */
export interface CpuResources {
  /** Weight against others, 2 to 262144; 1024 is usual. */
  shares?: number;
  /** Microseconds of work in a period; negative is no limit. */
  quota?: number;
  /** Microseconds a period may go over its quota with what was saved before. */
  burst?: number;
  /** Microseconds of a period. */
  period?: number;
  /** Microseconds of real-time work in a period (cgroup v1 only). */
  realtimeRuntime?: number;
  /** Microseconds of a real-time period (cgroup v1 only). */
  realtimePeriod?: number;
  /** Processors that can be used: `0-3,7`. */
  cpus?: string;
  /** Memory nodes that can be used: `0-1`. */
  mems?: string;
  /** 1 to run only when nobody else wants to (SCHED_IDLE), 0 not. */
  idle?: number;
}

/** Limit on processes. */
export interface PidsResources {
  /** The most processes and threads; -1 is no limit. Absent leaves as is. */
  limit?: number;
}

/** A device of disk, by number. */
export interface BlockIODevice {
  /** Major number. */
  major: number;
  /** Minor number. */
  minor: number;
}

/** The weight of one disk. */
export interface WeightDevice extends BlockIODevice {
  /** 10 to 1000. */
  weight?: number;
  /** Against the cgroup's own children, 10 to 1000 (cgroup v1 only). */
  leafWeight?: number;
}

/** The throttle of one disk. */
export interface ThrottleDevice extends BlockIODevice {
  /** Bytes or operations per second; 0 lifts the limit. */
  rate?: number;
}

/** Shares and limits of disks. */
export interface BlockIOResources {
  /** Weight against others, 10 to 1000. */
  weight?: number;
  /** Weight against the cgroup's own children, 10 to 1000 (cgroup v1 only). */
  leafWeight?: number;
  /** Weights of single disks. */
  weightDevice?: WeightDevice[];
  /** Bytes read per second. */
  throttleReadBpsDevice?: ThrottleDevice[];
  /** Bytes written per second. */
  throttleWriteBpsDevice?: ThrottleDevice[];
  /** Read operations per second. */
  throttleReadIOPSDevice?: ThrottleDevice[];
  /** Write operations per second. */
  throttleWriteIOPSDevice?: ThrottleDevice[];
}

/** Limit on huge pages of one size. */
export interface HugepageLimit {
  /** `64KB`, `2MB`, `1GB` ... */
  pageSize: string;
  /** Bytes. */
  limit: number;
}

/** Marks on network packets (cgroup v1 only). */
export interface NetworkResources {
  /** Class id for tc(8), 0xAAAABBBB for AAAA:BBBB. */
  classID?: number;
  /** Priorities by interface. */
  priorities?: InterfacePriority[];
}

/** The priority of packets through one interface. */
export interface InterfacePriority {
  /** Name of the interface. */
  name: string;
  /** The priority. */
  priority: number;
}

/** Limits of one RDMA device. Absent leaves as is. */
export interface RdmaResources {
  /** The most handles that can be open. */
  hcaHandles?: number;
  /** The most objects that can exist. */
  hcaObjects?: number;
}
