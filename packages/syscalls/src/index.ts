/**
 * Linux system calls as data, and the executors that run them.
 *
 * A container is made by an ordered list of system calls. Here such a list is a {@link Program} of {@link Step}s, which the
 * {@link Agent} runs in the container-to-be, {@link runLocally} in the calling thread, and {@link explain} nowhere.
 * @module
 */
export { Agent, type AgentOptions, type RunningAgent } from './agent.ts';
export * from './arg.ts';
export * from './calls.ts';
export { attachDeviceProgram, attachDeviceProgramHere, type DeviceProgram } from './cgroup-program.ts';
export { Channel, ChannelClosedError, messageFor } from './channel.ts';
export * from './constants.ts';
export { type ExplainedStep, explain } from './explain.ts';
export {
  closeFd,
  connectUnix,
  duplicateFd,
  endAtOnce,
  ioctlBytes,
  isLocked,
  isReadable,
  isTerminal,
  kernelRelease,
  landlockVersion,
  pidfdOpen,
  pidfdSendSignal,
  pipe,
  randomBytes,
  reap,
  sendFds,
  socketPair,
  tryLock,
} from './host-calls.ts';
export { type AgentImage, agentImage } from './image.ts';
export { isAtLeast, type KernelVersion, kernelVersion } from './kernel-version.ts';
export { type Libc, libc, type SpawnOptions } from './libc.ts';
export { type Koffi, type Library, loadKoffi } from './load-koffi.ts';
export { runLocally } from './local.ts';
export { AGENT_BUFFER, encode, MESSAGE_LIMIT, type Message, messageFromBytes } from './message.ts';
export { Nursery } from './nursery.ts';
export { eventfd, onReady } from './on-ready.ts';
export { Outcome } from './outcome.ts';
export { checkPlatform, UnsupportedPlatformError } from './platform.ts';
export { readableWithin } from './readable-within.ts';
export { renderArg, renderStep } from './render.ts';
export { replaceDeviceProgramHere } from './replace-device-program.ts';
export { type ProgramEnd, runProgram } from './run-program.ts';
export { type Program, type Purpose, type Step, step } from './step.ts';
export * from './structs.ts';
export { SyscallError } from './syscall-error.ts';
export { type Arch, hostArch, type SyscallName, syscallNumber, syscallNumbers } from './syscall-names.ts';
