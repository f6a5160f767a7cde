import type { IDMapping } from './config.ts';
import type { Resources } from './resources.ts';
import type { Seccomp } from './seccomp.ts';

/**
 * The part of a configuration that only Linux has.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md
 */
export interface Linux {
  /** Namespaces to make or join, each type at most once. A type that is absent stays the runtime's. */
  namespaces?: Namespace[];
  /** User ids of the container on the host; needs a user namespace. */
  uidMappings?: IDMapping[];
  /** Group ids of the container on the host; needs a user namespace. */
  gidMappings?: IDMapping[];
  /** Shifts of the container's clocks; needs a time namespace. */
  timeOffsets?: TimeOffsets;
  /** Device files made in addition to the ones every container has. */
  devices?: Device[];
  /** Network devices of the host to move into the container, by their names there (since 1.3). */
  netDevices?: Record<string, NetDevice>;
  /** Path of the container's cgroup: absolute from the hierarchy's mount point, or relative to a place the runtime chooses. */
  cgroupsPath?: string;
  /** Limits of the container's cgroup. */
  resources?: Resources;
  /** Shares of cache and memory bandwidth (Intel RDT). */
  intelRdt?: IntelRdt;
  /** On which nodes memory is taken (since 1.3). */
  memoryPolicy?: MemoryPolicy;
  /** Kernel parameters: `net.ipv4.ip_forward` to `1`. */
  sysctl?: Record<string, string>;
  /** Filter of system calls. */
  seccomp?: Seccomp;
  /** Propagation of the root mount; see {@link ROOTFS_PROPAGATIONS}. Absent: the runtime's choice. */
  rootfsPropagation?: RootfsPropagation;
  /** Absolute paths inside the container that cannot be read. */
  maskedPaths?: string[];
  /** Absolute paths inside the container that cannot be written. */
  readonlyPaths?: string[];
  /** SELinux label of the mounts. */
  mountLabel?: string;
  /** Execution domain. */
  personality?: Personality;
}

/**
 * Types of namespaces, in the specification's words.
 * @see namespaces(7)
 */
export const NAMESPACE_TYPES = ['mount', 'pid', 'network', 'uts', 'ipc', 'user', 'cgroup', 'time'] as const;

/** One of {@link NAMESPACE_TYPES}. */
export type NamespaceType = (typeof NAMESPACE_TYPES)[number];

/** A namespace to make, or to join. */
export interface Namespace {
  /** Which kind. */
  type: NamespaceType;
  /** Absolute path of the one to join: `/proc/123/ns/net`. Absent: a new one is made. */
  path?: string;
}

/**
 * Shifts of clocks.
 * @see time_namespaces(7)
 */
export interface TimeOffsets {
  /** Of CLOCK_MONOTONIC. */
  monotonic?: TimeOffset;
  /** Of CLOCK_BOOTTIME. */
  boottime?: TimeOffset;
}

/** The shift of one clock. */
export interface TimeOffset {
  /** Whole seconds, negative to set it back. Absent: 0. */
  secs?: number;
  /** Nanoseconds on top, 0 to 999999999. Absent: 0. */
  nanosecs?: number;
}

/** Types of device files: character, block, unbuffered character (the same as `c`), named pipe. */
export const DEVICE_TYPES = ['c', 'b', 'u', 'p'] as const;

/**
 * A device file.
 * @see mknod(1)
 */
export interface Device {
  /** One of {@link DEVICE_TYPES}. */
  type: (typeof DEVICE_TYPES)[number];
  /** Absolute path inside the container. */
  path: string;
  /** Major number. Only a pipe has none. */
  major?: number;
  /** Minor number. Only a pipe has none. */
  minor?: number;
  /** Mode as a number; bits above 0o777, such as a file type, are ignored. Absent: the runtime's choice. */
  fileMode?: number;
  /** Owner inside the container. Absent: 0. */
  uid?: number;
  /** Group inside the container. Absent: 0. */
  gid?: number;
}

/** What becomes of a network device that is moved into the container. */
export interface NetDevice {
  /** Its name there, up to 15 bytes; for `%d` the kernel puts a number that is free. Absent: the one it has. */
  name?: string;
}

/**
 * Intel Resource Director Technology.
 * @see https://docs.kernel.org/filesystems/resctrl.html
 */
export interface IntelRdt {
  /** Name of the class of service. Absent: the container's id. */
  closID?: string;
  /** Lines for the class's schemata file (since 1.3). */
  schemata?: string[];
  /** Line for the L3 cache: `L3:0=ff;1=ff`. */
  l3CacheSchema?: string;
  /** Line for the memory bandwidth: `MB:0=50;1=70`. */
  memBwSchema?: string;
  /** Whether the container gets a monitoring group of its own (since 1.3). Absent: `false`. */
  enableMonitoring?: boolean;
}

/** Modes of set_mempolicy(2). */
export const MEMORY_POLICY_MODES = [
  'MPOL_DEFAULT',
  'MPOL_BIND',
  'MPOL_INTERLEAVE',
  'MPOL_WEIGHTED_INTERLEAVE',
  'MPOL_PREFERRED',
  'MPOL_PREFERRED_MANY',
  'MPOL_LOCAL',
] as const;

/** Flags of set_mempolicy(2). */
export const MEMORY_POLICY_FLAGS = ['MPOL_F_NUMA_BALANCING', 'MPOL_F_RELATIVE_NODES', 'MPOL_F_STATIC_NODES'] as const;

/** One of {@link MEMORY_POLICY_MODES}. */
export type MemoryPolicyMode = (typeof MEMORY_POLICY_MODES)[number];

/** One of {@link MEMORY_POLICY_FLAGS}. */
export type MemoryPolicyFlag = (typeof MEMORY_POLICY_FLAGS)[number];

/**
 * On which nodes of the machine memory is taken.
 * @see set_mempolicy(2)
 */
export interface MemoryPolicy {
  /** How nodes are chosen. */
  mode: MemoryPolicyMode;
  /** Numbers and ranges of nodes: `0-1,3`. */
  nodes?: string;
  /** Refinements of the mode. */
  flags?: MemoryPolicyFlag[];
}

/**
 * Propagation of the root mount: the four words of the specification, and the recursive ones that Docker writes.
 * @see mount_namespaces(7)
 */
export const ROOTFS_PROPAGATIONS = [
  'private',
  'shared',
  'slave',
  'unbindable',
  'rprivate',
  'rshared',
  'rslave',
  'runbindable',
] as const;

/** One of {@link ROOTFS_PROPAGATIONS}. */
export type RootfsPropagation = (typeof ROOTFS_PROPAGATIONS)[number];

/** Execution domains of personality(2). */
export const PERSONALITY_DOMAINS = ['LINUX', 'LINUX32'] as const;

/**
 * Execution domain: what uname(2) calls the machine.
 * @see personality(2)
 */
export interface Personality {
  /** `LINUX32` makes a 64-bit kernel look like a 32-bit one. */
  domain: (typeof PERSONALITY_DOMAINS)[number];
  /** Further flags; the specification names none yet. */
  flags?: string[];
}
