/**
 * What both versions of control groups share: limits, sizes, plans as data, the guarded way to the files, parsers.
 * @see cgroups(7)
 * @module
 */
export { refuseCallerInside } from './caller-inside.ts';
export { checkId } from './check-id.ts';
export { checkResources } from './check-resources.ts';
export { formatCpuList, parseCpuList } from './cpu-list.ts';
export { type DeviceRequest, isDeviceAllowed } from './decide-device.ts';
export { DEFAULT_DEVICE_RULES } from './default-device-rules.ts';
export type { DescriptorWatcher } from './descriptor-watcher.ts';
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
export { type EventSource, EventStream, type EventStreamOptions, type Watcher } from './event-stream.ts';
export {
  type CountedEvent,
  type EventState,
  eventState,
  eventsBetween,
  type GroupEvent,
  type LifeEvent,
  type OomEvent,
  type OomKillEvent,
} from './events.ts';
export { explainRefusal, type RefusedChange } from './explain-refusal.ts';
export { type FileOperation, type GroupPlan, type ReadFile, setFile } from './file-operation.ts';
export type { Group, PlannedUpdate, UpdateOptions, WaitOptions } from './group.ts';
export { combineSources, type EventOptions, groupEvents, POLL_MILLISECONDS } from './group-events.ts';
export { type Killable, killAsBorn, killEach, killUntilEmpty } from './kill.ts';
export {
  CPU_PERIOD_USEC,
  checkLimits,
  cpuQuotaUsec,
  type Limits,
  limitedResources,
  type MemoryLimits,
  memoryLimits,
  RESOURCES,
  type Resource,
  withoutSwap,
} from './limits.ts';
export { checkName } from './name.ts';
export { onPressure, type PressureEvent, type PressureState, type PressureTrigger } from './on-pressure.ts';
export { childGroups, listProcesses, listThreads, removeGroup } from './processes.ts';
export { planPutBack, type Written } from './put-back.ts';
export { type CpuRates, type IoRate, type IoRates, type PressureRates, type Rates, rates } from './rates.ts';
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
export { type ChangeOptions, runAsFarAs } from './run-as-far-as.ts';
export { enforce, type Inabilities, type LeftOut, type Mode, sift } from './sift.ts';
export { parseSize } from './size.ts';
export type {
  CpuStats,
  DividedPart,
  FieldOf,
  HugetlbStats,
  IoCounters,
  IoStats,
  MemoryStats,
  MiscStats,
  PidsStats,
  Pressure,
  PressureStats,
  RdmaStats,
  Snapshot,
  Stall,
  Stats,
  StatsName,
  StatsPart,
  StatsSelection,
} from './stats.ts';
export { filesFor, hugePageSizes, readTexts, type StatsFiles } from './stats-files.ts';
export {
  cpuPart,
  hugetlbPart,
  ifThere,
  joinParts,
  memoryPart,
  miscPart,
  pidsPart,
  pressurePart,
} from './stats-parts.ts';
export {
  difference,
  linesOf,
  microseconds,
  parseFlat,
  parseKeyed,
  parseLimit,
  parseNumber,
  parsePair,
  parsePressure,
  parseRdma,
  present,
  sumIo,
} from './stats-text.ts';
export { waitFor } from './wait-for.ts';
export { watchFiles } from './watch-files.ts';
export { weightsKept } from './weights-kept.ts';
export { processesInTheWay } from './why-no-place.ts';
