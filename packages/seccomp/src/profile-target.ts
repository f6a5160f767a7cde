import type { Arch, KernelVersion } from '@coracle/syscalls';

/** What a profile with conditions is resolved for. */
export interface ProfileTarget {
  /** The machine, as `process.arch` names it. */
  arch: Arch;
  /** The container's bounding set: `['CAP_CHOWN', 'CAP_KILL']`. */
  capabilities: readonly string[];
  /** The running kernel: its version, or its release as uname(2) and `os.release()` give it (`'6.12.8-1-amd64'`). */
  kernel: KernelVersion | string;
}
