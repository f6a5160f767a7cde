import type { KernelVersion } from '@coracle/syscalls';
import { checkedCalls } from './checked-calls.ts';
import { neverAllowed } from './never-allowed.ts';
import { openedByCapability } from './opened-by-capability.ts';

/** Why the default profile blocks a system call. */
export interface BlockedReason {
  /** Completes "blocked, as ...". Lower case, no full stop. */
  reason: string;
  /** Capabilities, any one of which allows the call; the narrowest first. Empty: only another profile does. */
  capabilities: readonly string[];
  /** The kernel from which on it is allowed without any of them. */
  sinceKernel?: KernelVersion;
  /** Whether it is blocked only for some arguments. */
  forSomeArguments: boolean;
}

/**
 * The calls that the default profile blocks, at least sometimes, each with the reason.
 * @example
 * for (const [name, { reason }] of blockedReasons()) console.log(`${name} is blocked, as ${reason}`);
 */
export function blockedReasons(): ReadonlyMap<string, BlockedReason> {
  return new Map([
    ...[...openedByCapability(), ...neverAllowed()].flatMap(({ calls, ...gate }) =>
      calls.map((call): [string, BlockedReason] => [call, { ...gate, forSomeArguments: false }]),
    ),
    ...checkedCalls().map(({ call, capability, rules, reason }): [string, BlockedReason] => [
      call,
      {
        reason,
        capabilities: capability === undefined ? [] : [capability],
        forSomeArguments: rules.some(({ action }) => action === 'SCMP_ACT_ALLOW'),
      },
    ]),
  ]);
}

let reasons: ReadonlyMap<string, BlockedReason> | undefined;

/**
 * Why the default profile blocks a system call, and what would allow it.
 * @returns `undefined` for calls that every process may make, and for names that are none
 * @example
 * whyBlocked('reboot')?.capabilities; // ['CAP_SYS_BOOT']
 */
export function whyBlocked(name: string): BlockedReason | undefined {
  reasons ??= blockedReasons();
  return reasons.get(name);
}
