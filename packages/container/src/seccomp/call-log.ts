import type { Seccomp } from '@coracle/oci-spec';
import { decide } from '@coracle/seccomp';
import { filterFor } from './filter-for.ts';
import type { SyscallHandler } from './listener.ts';

/** Which system calls a container was refused, and how often; by name. */
export type BlockedLog = Readonly<Record<string, number>>;

/**
 * A handler that refuses what a profile blocks, as the profile does, and keeps count.
 * @param profile the one in whose place {@link notifyBlocked} was put
 */
export function logBlocked(profile: Seccomp): { handler: SyscallHandler; log: BlockedLog } {
  const filter = filterFor(profile);
  const log: Record<string, number> = {};
  return {
    log,
    handler: (call) => {
      const label = call.name ?? `call ${call.number}`;
      log[label] = (log[label] ?? 0) + 1;
      const { number, architecture, args } = call;
      // A profile that kills would end the log with the first entry.
      return { errno: decide(filter, { number, architecture, args }).errno ?? 'EPERM' };
    },
  };
}
