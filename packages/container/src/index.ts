/**
 * Starts Linux containers from a Node program: in milliseconds, without a daemon, as root or as an ordinary user.
 * @module
 */
export { Container, type LifeOptions } from './container.ts';
export type { ExecOptions, ExecResult } from './exec.ts';
export { type ExplainedPart, explainContainer } from './explain/explain.ts';
export { parseUserNamespace, type UserIds } from './ids/user-namespace.ts';
export { type ContainerInfo, type InspectOptions, inspectContainer } from './inspect.ts';
export type { Isolation } from './isolation.ts';
export { formatMount } from './mounts/format-mount.ts';
export { type MountSpec, parseMount } from './mounts/mount-spec.ts';
export { parseTmpfs } from './mounts/tmpfs-spec.ts';
export { parseVolume } from './mounts/volume-spec.ts';
export { parseDuration } from './options/duration.ts';
export { OptionError } from './options/option-error.ts';
export type {
  ContainerOptions,
  DeviceOption,
  LimitOptions,
  Propagation,
  RlimitOption,
  RootOption,
  SecurityOptions,
  SelinuxLabelParts,
  TerminalSize,
  Tmpfs,
  UserNamespaceOption,
  Volume,
} from './options/options.ts';
export { ProgramError } from './program-error.ts';
export { exitCodeOf, type LimitHit, type Result, type RunResult, signalNumber } from './result.ts';
export { type Running, type RunOptions, run } from './run.ts';
export type { SyscallEvent, SyscallHandler } from './seccomp/listener.ts';
export type { SentStart } from './sent-start.ts';
export { livingContainers } from './state/state.ts';
export type { Output, StdioOption } from './stdio.ts';
