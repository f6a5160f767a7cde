/**
 * The parser of /proc/PID/mountinfo. Text in, mounts out: it reads no file and needs no privilege.
 * @see proc_pid_mountinfo(5)
 * @module
 */
export { formatMountinfo } from './format-mountinfo.ts';
export { isReadOnly } from './is-read-only.ts';
export type { MountInfo, PropagationTags } from './mount-info.ts';
export { mountOf } from './mount-of.ts';
export { MountinfoError, type MountinfoErrorDetails } from './mountinfo-error.ts';
export { parseMountinfo } from './parse-mountinfo.ts';
