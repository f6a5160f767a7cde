/**
 * Seccomp: from the `linux.seccomp` of an OCI configuration to the filter that the kernel runs before every system call.
 * @see seccomp(2)
 * @module
 */
export { AUDIT_ARCH, type FilteredArchitecture, numbersOf } from './architectures.ts';
export { type BlockedCalls, blockedCalls } from './blocked-calls.ts';
export { type CompileOptions, compileProfile, type Filter } from './compile-profile.ts';
export { type Decision, decide } from './decide.ts';
export { defaultFilter } from './default-filter.ts';
export { type BlockedReason, blockedReasons, whyBlocked } from './default-profile/why-blocked.ts';
export { defaultProfile } from './default-profile.ts';
export { disassemble } from './disassemble.ts';
export { loadFilter } from './load-filter.ts';
export {
  type Answer,
  NOTIFICATION_BYTES,
  type Notification,
  readNotification,
  writeAnswer,
} from './notification.ts';
export { notifyBlocked } from './notify-blocked.ts';
export { parseProfile } from './parse-profile.ts';
export { checkProfile, resolveProfile } from './profile-file.ts';
export type { ProfileTarget } from './profile-target.ts';
export { type CallData, type SimulatedVerdict, simulate } from './simulate.ts';
export { actionOf, describeVerdict } from './verdict.ts';
