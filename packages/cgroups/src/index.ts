/**
 * Control groups, whichever version the machine has: what is there, what can be limited, and groups that limit it.
 * @see cgroups(7)
 * @module
 */
export type {
  DescriptorWatcher,
  DeviceRule,
  DeviceRuleInput,
  EventOptions,
  Group,
  GroupEvent,
  GroupPlan,
  LeftOut,
  Limits,
  MemoryLimits,
  Mode,
  PressureEvent,
  PressureTrigger,
  Rates,
  RefusedChange,
  Resource,
  Resources,
  Size,
  Snapshot,
  Stats,
  StatsName,
  StatsSelection,
  UpdateOptions,
  WaitOptions,
} from '@coracle/cgroups-core';
export {
  DEFAULT_DEVICE_RULES,
  explainRefusal,
  formatDeviceRule,
  isDeviceAllowed,
  memoryLimits,
  onPressure,
  parseDeviceRule,
  parseSize,
  rates,
  withoutSwap,
} from '@coracle/cgroups-core';
export type { DeviceProgram } from '@coracle/cgroups-v2';
export { allGroups, type ExistingGroup } from './all-groups.ts';
export type { Availability } from './availability.ts';
export { commandInside } from './command-inside.ts';
export { type CreatedGroup, type CreateOptions, create } from './create.ts';
export { type DelegateTo, type Delegation, delegate, planDelegation } from './delegate.ts';
export { describe } from './describe.ts';
export { detect, type Machine } from './detect.ts';
export { type ControllerName, detectAll, type FullMachine } from './detect-all.ts';
export type { Facts } from './facts.ts';
export { fromOci } from './from-oci.ts';
export { type Location, locate } from './locate.ts';
export { createManaged, openManaged } from './managed.ts';
export type { Obstacle } from './obstacle.ts';
export { oomKilled } from './oom-killed.ts';
export { open } from './open.ts';
export {
  type FurtherPlace,
  furtherPlaces,
  hierarchiesOf,
  type OwnHierarchy,
  ownHierarchies,
} from './own-hierarchies.ts';
export { type GroupRequest, type PlannedGroup, plan } from './plan.ts';
export { type PlannedResources, planResources, type ResourcesRequest } from './plan-resources.ts';
export { type SetDevicesOptions, setDevices } from './set-devices.ts';
export { type Survey, type SurveyedController, type SurveyedMount, type SurveyFacts, survey } from './survey.ts';
export type { ManagedGroup, ManagedOptions, Manager, OpenedGroup } from './systemd/managed-group.ts';
