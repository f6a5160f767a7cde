/**
 * Control groups of version 1: plans as data, and groups that live.
 * @see cgroups(7), "Cgroups version 1"
 * @module
 */
export { CgroupV1 } from './cgroup.ts';
export { planDevices } from './devices.ts';
export { CONTROLLERS, type Controller, directoriesOf, type Place } from './place.ts';
export { planCreate, planLimits } from './plan.ts';
export { parseStats, statFiles } from './stats.ts';
