import {
  close,
  type Flags,
  FSCONFIG,
  flags,
  fsconfig,
  fsmount,
  fsopen,
  MOUNT_ATTR,
  NO_SUID_DEV_EXEC,
  resultOf,
  type Step,
} from '@coracle/syscalls';

/**
 * What a proc shows of processes that belong to other users: `'off'` everything, `'noaccess'` only that they exist,
 * `'invisible'` nothing, `'ptraceable'` only processes the reader could trace.
 * @see proc(5), hidepid
 */
export type HidePid = 'off' | 'noaccess' | 'invisible' | 'ptraceable';

/** How a proc is made. */
export interface CreateProcOptions {
  /** `'off'` if absent. */
  hidepid?: HidePid;
  /** `'pid'`: only the directories of processes, none of the kernel's own files. `undefined`: all of it. */
  subset?: 'pid';
  /** Name of the result that is the mount's descriptor; `'proc'` if absent. */
  result?: string;
}

/** How a sysfs is made. */
export interface CreateSysfsOptions {
  /** Forbid changes through this mount. */
  readonly: boolean;
  /** Name of the result that is the mount's descriptor; `'sysfs'` if absent. */
  result?: string;
}

/**
 * Steps that make a proc for the pid namespace of the process that takes them. The mount is not attached anywhere yet, so
 * nobody can swap what lies below it; it takes no set-user-id bits, devices or programs.
 *
 * Needs CAP_SYS_ADMIN in the user namespace that owns the pid namespace; there, {@link explainProcRefusal} knows what EPERM means.
 * @see proc(5), fsopen(2) (since Linux 5.2; `hidepid` by name and `subset` since 5.8)
 * @example
 * createProc({ hidepid: 'invisible' });
 */
export function createProc({ hidepid, subset, result = 'proc' }: CreateProcOptions = {}): Step[] {
  const options: [string, string][] = [];
  if (hidepid !== undefined) options.push(['hidepid', hidepid]);
  if (subset !== undefined) options.push(['subset', subset]);
  const why = "make the container's processes visible to ps";
  return create('proc', { options, attributes: NO_SUID_DEV_EXEC, result, why });
}

/**
 * Steps that make a sysfs for the network namespace of the process that takes them, not attached anywhere yet.
 *
 * Needs CAP_SYS_ADMIN in the user namespace that owns the network namespace: a container that shares its network with the
 * host and has a user namespace of its own cannot have one.
 * @see sysfs(5), fsopen(2) (since Linux 5.2)
 * @example
 * createSysfs({ readonly: true });
 */
export function createSysfs({ readonly, result = 'sysfs' }: CreateSysfsOptions): Step[] {
  const attributes = readonly
    ? flags(MOUNT_ATTR, 'MOUNT_ATTR_RDONLY', 'MOUNT_ATTR_NOSUID', 'MOUNT_ATTR_NODEV', 'MOUNT_ATTR_NOEXEC')
    : NO_SUID_DEV_EXEC;
  const why = readonly
    ? 'show the devices and the kernel to the container, read-only'
    : 'show the devices and the kernel';
  return create('sysfs', { options: [], attributes, result, why });
}

interface NewMount {
  options: readonly [string, string][];
  attributes: Flags;
  result: string;
  why: string;
}

function create(type: 'proc' | 'sysfs', { options, attributes, result, why }: NewMount): Step[] {
  const fs = resultOf('fs');
  const set = flags(FSCONFIG, 'FSCONFIG_SET_STRING');
  return [
    fsopen(type, { why, result: 'fs' }),
    fsconfig({ fs, command: set, key: 'source', value: type }, why),
    ...options.map(([key, value]) => fsconfig({ fs, command: set, key, value }, why)),
    fsconfig({ fs, command: flags(FSCONFIG, 'FSCONFIG_CMD_CREATE') }, why),
    fsmount({ fs, attributes }, { why, result }),
    close(fs, why),
  ];
}
