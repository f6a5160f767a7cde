/**
 * Control groups, whichever version the machine has: what is there, what can be limited, and groups that limit it.
 * @see cgroups(7)
 * @module
 */
export type {
  DeviceRule,
  DeviceRuleInput,
  Group,
  GroupPlan,
  Limits,
  Resource,
  Stats,
  WaitOptions,
} from '@coracle/cgroups-core';
export {
  DEFAULT_DEVICE_RULES,
  formatDeviceRule,
  isDeviceAllowed,
  parseDeviceRule,
  parseSize,
} from '@coracle/cgroups-core';
export type { DeviceProgram } from '@coracle/cgroups-v2';
export type { Availability } from './availability.ts';
export { create } from './create.ts';
export { describe, detect, type Machine } from './detect.ts';
export type { Facts } from './facts.ts';
export type { Obstacle } from './obstacle.ts';
export { type GroupRequest, type PlannedGroup, plan } from './plan.ts';
