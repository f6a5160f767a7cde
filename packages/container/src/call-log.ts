import { errnoName } from '@coracle/errors';
import type { Seccomp } from '@coracle/oci-spec';
import { AUDIT_ARCH, actionOf, simulate } from '@coracle/seccomp';
import { filterFor } from './filter-for.ts';
import type { SyscallHandler } from './listener.ts';

/** Which system calls a container was refused, and how often; by name. */
export type BlockedLog = Readonly<Record<string, number>>;

/**
 * A handler that refuses what a profile blocks, as the profile does, and keeps count.
 * @param profile the one in whose place {@link notifyBlocked} was put
 */
export function logBlocked(profile: Seccomp): { handler: SyscallHandler; log: BlockedLog } {
  const { bytes } = filterFor(profile);
  const log: Record<string, number> = {};
  return {
    log,
    handler: ({ name, number, architecture, args }) => {
      const label = name ?? `call ${number}`;
      log[label] = (log[label] ?? 0) + 1;
      const auditArch = architecture === undefined ? 0 : AUDIT_ARCH[architecture];
      const { value } = simulate(bytes, { auditArch, nr: number, args });
      // A profile that kills would end the log with the first entry.
      const errno = actionOf(value) === 'SCMP_ACT_ERRNO' ? errnoName(value & 0xffff) : undefined;
      return { errno: errno ?? 'EPERM' };
    },
  };
}
