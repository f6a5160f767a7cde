/**
 * /proc and /sys of a container: mounted safely as steps, their dangerous parts listed, their process table read from outside.
 *
 * The steps are plain data for an executor of `@coracle/syscalls`; only {@link readProcessTable} touches the machine.
 * @module
 */
export {
  type CreateProcOptions,
  type CreateSysfsOptions,
  createProc,
  createSysfs,
  type HidePid,
} from './create-proc.ts';
export { explainProcRefusal, isMaskedProc } from './explain-proc-refusal.ts';
export { askFilesystem, isFilesystem } from './filesystem-type.ts';
export { type HiddenPaths, planHiddenPaths } from './hidden-paths.ts';
export { type MountProcOptions, mountProc } from './mount-proc.ts';
export { type MountpointOptions, openMountpoint } from './open-mountpoint.ts';
export { type ProcessStat, parseStat } from './process-stat.ts';
export { type ProcessStatus, parseStatus } from './process-status.ts';
export { type ProcessEntry, type ProcessTableOptions, readProcessTable } from './process-table.ts';
