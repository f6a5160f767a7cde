import { readFileSync } from 'node:fs';

/**
 * Every capability up to Linux 6.18, in the kernel's order: the index of a name is the number of the capability. None has been
 * added since Linux 5.9.
 * @see capabilities(7)
 */
export const CAPABILITY_NAMES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const;

/** The name of a capability as the kernel spells it: `'CAP_NET_ADMIN'`. */
export type CapabilityName = (typeof CAPABILITY_NAMES)[number];

const NUMBERS: ReadonlyMap<string, number> = new Map(CAPABILITY_NAMES.map((name, number) => [name, number]));

/**
 * Whether a text is the name of a capability, in exactly the kernel's spelling.
 * @example
 * isCapabilityName('CAP_CHOWN'); // true
 */
export function isCapabilityName(text: string): text is CapabilityName {
  return NUMBERS.has(text);
}

/**
 * The number of a capability, from 0 on.
 * @see capabilities(7)
 * @example
 * capabilityNumber('CAP_NET_ADMIN'); // 12
 */
export function capabilityNumber(name: CapabilityName): number {
  return NUMBERS.get(name) ?? -1;
}

/**
 * The number of the last capability that the running kernel has: 40 since Linux 5.9.
 * @param options `proc` is where a proc is mounted, `/proc` if absent
 * @throws ENOENT where no proc is mounted
 * @see capabilities(7), proc_sys_kernel(5)
 * @example
 * lastCapability(); // 40
 */
export function lastCapability({ proc = '/proc' }: { proc?: string } = {}): number {
  return Number(readFileSync(`${proc}/sys/kernel/cap_last_cap`, 'latin1'));
}
