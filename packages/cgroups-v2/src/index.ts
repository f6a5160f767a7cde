/**
 * Control groups of version 2: plans as data, and groups that live.
 * @see cgroups(7), "Cgroups version 2"
 * @module
 */
export { CgroupV2 } from './cgroup.ts';
export { clearOfProcesses } from './clear-of-processes.ts';
export { compileDeviceRules } from './compile-devices.ts';
export { cpuWeightOf } from './cpu-weight.ts';
export { type DeviceProgram, planDevices } from './devices.ts';
export { eventSource } from './event-source.ts';
export { ioWeightOf } from './io-weight.ts';
export { SWAP_LIMIT } from './memory.ts';
export { CONTROLLER_OF, type Place, planCreate, planLimits } from './plan.ts';
export { controllersOf, planResources } from './plan-resources.ts';
export { lackingInThreads, limitableInThreads, planThreaded } from './plan-threaded.ts';
export { type SimulatedAnswer, simulateDeviceProgram } from './simulate-devices.ts';
export { parseStats, statFiles } from './stats.ts';
