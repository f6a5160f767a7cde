/**
 * Control groups of version 1: plans as data, and groups that live.
 * @see cgroups(7), "Cgroups version 1"
 * @module
 */
export { CgroupV1 } from './cgroup.ts';
export { planDeviceChange } from './change-devices.ts';
export { planCpusetStart } from './cpuset.ts';
export { planDevices } from './devices.ts';
export { eventSource } from './event-source.ts';
export { LIMIT_WITH_SWAP } from './memory.ts';
export { CONTROLLERS, type Controller, directoriesOf, FURTHER_CONTROLLERS, type Place } from './place.ts';
export { planCreate, planLimits } from './plan.ts';
export { controllersOf, planResources } from './plan-resources.ts';
export { parseStats, statFiles } from './stats.ts';
