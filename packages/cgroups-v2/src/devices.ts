import type { DeviceRuleInput } from '@coracle/cgroups-core';
import { compileDeviceRules } from './compile-devices.ts';

/**
 * What has to be loaded and attached with bpf(2) after a group is made: version 2 has no file for rules about devices.
 * `attachDeviceProgram` of `@coracle/syscalls` makes the system calls of it.
 */
export interface DeviceProgram {
  /** The group's directory. */
  directory: string;
  /** A program of the type BPF_PROG_TYPE_CGROUP_DEVICE: instructions of 8 bytes. */
  instructions: Uint8Array;
}

/**
 * The program that puts rules for devices in force in a group. Programs of the groups above stay in force beside it.
 * @throws SystemError EINVAL for rules that cannot be meant, E2BIG for too many
 * @see bpf(2), the kernel's admin-guide/cgroup-v2, "Device controller"
 * @example
 * planDevices(DEFAULT_DEVICE_RULES, '/sys/fs/cgroup/box').instructions;
 */
export function planDevices(rules: readonly DeviceRuleInput[], directory: string): DeviceProgram {
  return { directory, instructions: compileDeviceRules(rules) };
}
