/**
 * Types of the OCI runtime specification 1.3 for Linux, and the configurations that containers start from. What validates them is in
 * `@coracle/oci-spec/validate`, which nothing here loads.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/spec.md
 * @module
 */
export type { Problem, Remark } from './checks/findings.ts';
export { ConfigError, type ConfigErrorOptions } from './config-error.ts';
export {
  DEFAULT_NAMESPACES,
  DEFAULT_PATH,
  type DefaultConfigOptions,
  defaultConfig,
  OCI_VERSION,
} from './default-config.ts';
export { DEFAULT_MOUNTS } from './default-mounts.ts';
export { features } from './features.ts';
export { MASKED_PATHS, READONLY_PATHS } from './hidden-paths.ts';
export { IPC_SYSCTLS } from './ipc-sysctls.ts';
export { mountOptions } from './mount-options.ts';
export { rootlessConfig, type SpecMachine, specConfig } from './spec-config.ts';
export {
  type Config,
  HOOK_NAMES,
  type Hook,
  type HookName,
  type Hooks,
  type IDMapping,
  type Mount,
  type Root,
} from './types/config.ts';
export type {
  CgroupFeatures,
  Enabled,
  Features,
  IntelRdtFeatures,
  LinuxFeatures,
  MemoryPolicyFeatures,
  MountExtensions,
  SeccompFeatures,
} from './types/features.ts';
export {
  DEVICE_TYPES,
  type Device,
  type IntelRdt,
  type Linux,
  MEMORY_POLICY_FLAGS,
  MEMORY_POLICY_MODES,
  type MemoryPolicy,
  type MemoryPolicyFlag,
  type MemoryPolicyMode,
  NAMESPACE_TYPES,
  type Namespace,
  type NamespaceType,
  type NetDevice,
  PERSONALITY_DOMAINS,
  type Personality,
  ROOTFS_PROPAGATIONS,
  type RootfsPropagation,
  type TimeOffset,
  type TimeOffsets,
} from './types/linux.ts';
export {
  type Capabilities,
  type ConsoleSize,
  type ExecCPUAffinity,
  IO_PRIORITY_CLASSES,
  type IOPriority,
  MOST_GROUPS,
  type Process,
  RLIMIT_NAMES,
  type Rlimit,
  type RlimitName,
  SCHEDULER_FLAGS,
  SCHEDULER_POLICIES,
  type Scheduler,
  type User,
} from './types/process.ts';
export type {
  BlockIODevice,
  BlockIOResources,
  CpuResources,
  DeviceRule,
  HugepageLimit,
  InterfacePriority,
  MemoryResources,
  NetworkResources,
  PidsResources,
  RdmaResources,
  Resources,
  ThrottleDevice,
  WeightDevice,
} from './types/resources.ts';
export {
  SECCOMP_ACTIONS,
  SECCOMP_ARCHITECTURES,
  SECCOMP_FLAGS,
  SECCOMP_OPERATORS,
  type Seccomp,
  type SeccompAction,
  type SeccompArchitecture,
  type SeccompArgument,
  type SeccompFlag,
  type SeccompOperator,
  type SeccompRule,
} from './types/seccomp.ts';
export { type ContainerProcessState, STATUSES, type State, type Status } from './types/state.ts';
