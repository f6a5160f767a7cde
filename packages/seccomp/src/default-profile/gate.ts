import type { KernelVersion } from '@coracle/syscalls';

/** System calls that are blocked unless something else holds. */
export interface Gate {
  calls: readonly string[];
  /** Capabilities, any one of which allows the calls; the narrowest first. Empty: none does. */
  capabilities: readonly string[];
  /** The kernel from which on the calls need no capability. Absent: they always do. */
  sinceKernel?: KernelVersion;
  /** Why they are blocked; completes "blocked, as ...". */
  reason: string;
}
