import { type CapabilityMask, toMask } from './mask.ts';
import type { CapabilityName } from './names.ts';

/**
 * The 14 capabilities that Docker gives to a container, in the kernel's order: enough to install and run services, but nothing
 * that reaches the host or other containers.
 * @see capabilities(7)
 */
export const DEFAULT_CAPABILITIES: readonly CapabilityName[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SYS_CHROOT',
  'CAP_MKNOD',
  'CAP_AUDIT_WRITE',
  'CAP_SETFCAP',
];

/** The same as a set. */
export const DEFAULT_MASK: CapabilityMask = toMask(DEFAULT_CAPABILITIES);
