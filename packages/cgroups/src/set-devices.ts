import { type DeviceRuleInput, readValue, runOperations } from '@coracle/cgroups-core';
import { planDeviceChange } from '@coracle/cgroups-v1';
import { type DeviceProgram, planDevices } from '@coracle/cgroups-v2';
import { SystemError } from '@coracle/errors';
import { cgroupMounts } from './cgroup-mounts.ts';
import { type Facts, theseFacts } from './facts.ts';

/** How rules for devices are set. */
export interface SetDevicesOptions {
  /** Puts a program in place of those that are attached to its group: `replaceDeviceProgramHere` of `@coracle/syscalls` does. */
  replaceProgram: (program: DeviceProgram) => void;
  /** Of another machine, or made up; this machine's if absent. */
  facts?: Facts;
}

/**
 * Changes what the processes of a group that is there may do with devices: on version 1 where the group lies in the hierarchy of the
 * controller `devices`, otherwise on version 2. An empty list denies all.
 * @param directories of the group, as for {@link open}
 * @throws SystemError EINVAL for rules that cannot be meant; EOPNOTSUPP for what the version cannot keep, and for a group that lies
 *   where nothing rules over devices; EPERM for what the group above denies
 * @see cgroups(7), bpf(2)
 * @example
 * setDevices(['/sys/fs/cgroup/devices/box'], DEFAULT_DEVICE_RULES, { replaceProgram: replaceDeviceProgramHere });
 */
export function setDevices(
  directories: readonly string[],
  rules: readonly DeviceRuleInput[],
  { replaceProgram, facts = theseFacts() }: SetDevicesOptions,
): void {
  const mounts = cgroupMounts(facts.mountinfo);
  const below = (isIt: (mount: (typeof mounts)[number]) => boolean): string | undefined => {
    const mount = mounts.find(isIt);
    return mount && directories.find((directory) => directory.startsWith(`${mount.mountPoint}/`));
  };
  const devices = below(({ type, superOptions }) => type === 'cgroup' && superOptions.includes('devices'));
  if (devices !== undefined) {
    const current = readValue(`${devices}/devices.list`) ?? '';
    runOperations(planDeviceChange(rules, { place: { devices }, current }));
    return;
  }
  const unified = below(({ type }) => type === 'cgroup2');
  if (unified === undefined) throw nowhere(directories[0]);
  replaceProgram(planDevices(rules, unified));
}

function nowhere(path: string | undefined): SystemError {
  return new SystemError({
    code: 'EOPNOTSUPP',
    syscall: 'write',
    path,
    text: 'the group lies in no hierarchy that rules over devices',
    hint: 'version 1 needs the controller devices, version 2 root; leave the rules out otherwise: without root no device node can be made',
  });
}
