import type { Facts } from './facts.ts';

/** What the kernel asks of a process that sets rules for devices. */
export interface DeviceRights {
  /** CAP_SYS_ADMIN: to write the files of version 1. */
  v1: boolean;
  /** CAP_SYS_ADMIN, or CAP_BPF with CAP_NET_ADMIN (Linux 5.8): to load and attach a program on version 2. */
  v2: boolean;
  /** CAP_MKNOD: without it there are no device nodes but those that are there, with the permissions they have. */
  mayMakeNodes: boolean;
}

/** Numbers of capabilities, see capabilities(7). */
const CAP = { netAdmin: 12n, sysAdmin: 21n, mknod: 27n, bpf: 39n } as const;

/**
 * The rights of the caller about devices. They count in the first user namespace only: the root of another one has all
 * capabilities, and none of them here.
 * @see capabilities(7), user_namespaces(7)
 */
export function deviceRights({ read }: Facts): DeviceRights {
  const isFirst = /^\s*0\s+0\s+4294967295\s*$/.test(read('/proc/self/uid_map') ?? '');
  const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status') ?? '') ?? [];
  const has = (capability: bigint): boolean => isFirst && ((BigInt(`0x${effective}`) >> capability) & 1n) === 1n;
  const isAdmin = has(CAP.sysAdmin);
  return { v1: isAdmin, v2: isAdmin || (has(CAP.bpf) && has(CAP.netAdmin)), mayMakeNodes: has(CAP.mknod) };
}
