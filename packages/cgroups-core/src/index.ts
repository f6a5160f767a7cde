/**
 * What both versions of control groups share: limits, sizes, plans as data, the guarded way to the files, parsers.
 * @see cgroups(7)
 * @module
 */
export { checkResources } from './check-resources.ts';
export { formatCpuList, parseCpuList } from './cpu-list.ts';
export { type DeviceRequest, isDeviceAllowed } from './decide-device.ts';
export { DEFAULT_DEVICE_RULES } from './default-device-rules.ts';
export { checkDeviceRules, DEVICE_ACCESS, type DeviceRule, type DeviceRuleInput } from './device-rule.ts';
export { formatDeviceRule, parseDeviceRule } from './device-rule-text.ts';
export {
  CGROUP_MAGIC,
  type DoorOptions,
  type IsCgroup,
  isCgroupPath,
  type RunOptions,
  runOperations,
  writeValue,
} from './door.ts';
export { type FileOperation, type GroupPlan, type ReadFile, setFile } from './file-operation.ts';
export type { Group, UpdateOptions, WaitOptions } from './group.ts';
export { type Killable, killEach, killUntilEmpty } from './kill.ts';
export {
  CPU_PERIOD_USEC,
  checkLimits,
  cpuQuotaUsec,
  type Limits,
  limitedResources,
  RESOURCES,
  type Resource,
} from './limits.ts';
export { checkName } from './name.ts';
export { childGroups, listProcesses, removeGroup } from './processes.ts';
export { formatRdma } from './rdma-line.ts';
export { readValue } from './read-value.ts';
export type {
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
  Size,
} from './resources.ts';
export { runAsFarAs } from './run-as-far-as.ts';
export { enforce, type Inabilities, type LeftOut, type Mode, sift } from './sift.ts';
export { parseSize } from './size.ts';
export { parseKeyed, parseNumber, type Stats } from './stats.ts';
