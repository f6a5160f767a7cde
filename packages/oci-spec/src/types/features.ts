import type { MemoryPolicyFlag, MemoryPolicyMode, NamespaceType } from './linux.ts';
import type { SeccompAction, SeccompArchitecture, SeccompFlag, SeccompOperator } from './seccomp.ts';

/**
 * What a runtime can do, whatever the machine it runs on: what `features` prints. An absent part is unknown.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/features.md
 */
export interface Features {
  /** Oldest version of the specification it accepts. */
  ociVersionMin: string;
  /** Newest version of the specification it accepts. */
  ociVersionMax: string;
  /** Names of the hooks it runs. */
  hooks?: string[];
  /** Options of mounts it knows. */
  mountOptions?: string[];
  /** Facts of the runtime's own. */
  annotations?: Record<string, string>;
  /** Annotations of a configuration that change what the runtime does, so that not everybody should set them. */
  potentiallyUnsafeConfigAnnotations?: string[];
  /** All that only Linux has. */
  linux?: LinuxFeatures;
}

/** What a runtime can do on Linux. An absent part is unknown. */
export interface LinuxFeatures {
  /** Namespaces it can make or join. */
  namespaces?: NamespaceType[];
  /** Capabilities it knows: `CAP_CHOWN`. */
  capabilities?: string[];
  /** Control groups. */
  cgroup?: CgroupFeatures;
  /** Filters of system calls. */
  seccomp?: SeccompFeatures;
  /** AppArmor profiles. */
  apparmor?: Enabled;
  /** SELinux labels. */
  selinux?: Enabled;
  /** Intel RDT. */
  intelRdt?: IntelRdtFeatures;
  /** Policies of memory (since 1.3). */
  memoryPolicy?: MemoryPolicyFeatures;
  /** Additions to mounts. */
  mountExtensions?: MountExtensions;
  /** Moving of network devices (since 1.3). */
  netDevices?: Enabled;
}

/** Whether the runtime can do something. */
export interface Enabled {
  /** `undefined`: unknown. */
  enabled?: boolean;
}

/** What a runtime can do with Intel RDT. */
export interface IntelRdtFeatures extends Enabled {
  /** Whether it knows `schemata` (since 1.3). */
  schemata?: boolean;
  /** Whether it knows `enableMonitoring` (since 1.3). */
  monitoring?: boolean;
}

/** Which policies of memory a runtime can set. */
export interface MemoryPolicyFeatures {
  /** Modes it knows. */
  modes?: MemoryPolicyMode[];
  /** Flags it knows. */
  flags?: MemoryPolicyFlag[];
}

/** Which additions to mounts a runtime knows. */
export interface MountExtensions {
  /** Mounts with ids mapped. */
  idmap?: Enabled;
}

/** Which kinds of cgroups a runtime can manage. */
export interface CgroupFeatures {
  /** Version 1. */
  v1?: boolean;
  /** Version 2. */
  v2?: boolean;
  /** Through systemd. */
  systemd?: boolean;
  /** Through a user's systemd. */
  systemdUser?: boolean;
  /** The rdma controller. */
  rdma?: boolean;
}

/** Which filters of system calls a runtime can set. */
export interface SeccompFeatures extends Enabled {
  /** Actions it knows. */
  actions?: SeccompAction[];
  /** Comparisons it knows. */
  operators?: SeccompOperator[];
  /** Architectures it knows. */
  archs?: SeccompArchitecture[];
  /** Flags it knows. */
  knownFlags?: SeccompFlag[];
  /** Flags it can set. */
  supportedFlags?: SeccompFlag[];
}
