/**
 * Types of the OCI runtime specification 1.3 for Linux, validation that names the JSON path, and the default
 * configuration.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/spec.md
 * @module
 */
export { type Checks, checks } from './checks.ts';
export { ConfigError } from './config-error.ts';
export {
  DEFAULT_NAMESPACES,
  DEFAULT_PATH,
  type DefaultConfigOptions,
  defaultConfig,
  OCI_VERSION,
} from './default-config.ts';
export { DEFAULT_MOUNTS } from './default-mounts.ts';
export { MASKED_PATHS, READONLY_PATHS } from './hidden-paths.ts';
export type { Config, Hook, Hooks, IDMapping, Mount, Root } from './types/config.ts';
export type { CgroupFeatures, Enabled, Features, LinuxFeatures, SeccompFeatures } from './types/features.ts';
export {
  DEVICE_TYPES,
  type Device,
  type IntelRdt,
  type Linux,
  MEMORY_POLICY_FLAGS,
  MEMORY_POLICY_MODES,
  type MemoryPolicy,
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
export { STATUSES, type State, type Status } from './types/state.ts';
export type { Check, Rule } from './validate/check.ts';
export type { Problem } from './validate/problem.ts';
export { validateConfig } from './validate-config.ts';
