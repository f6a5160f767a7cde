import type { Seccomp } from '@coracle/oci-spec';
import type { Arch } from '@coracle/syscalls';
import { architecturesOn, numbersOf } from './architectures.ts';
import { rulesOf } from './rules-of.ts';
import { actionOf, verdictOf } from './verdict.ts';

/** What a profile keeps from a machine's own programs; names in alphabetical order. */
export interface BlockedCalls {
  /** Never let through. */
  blocked: string[];
  /** Let through with some arguments only. */
  conditional: string[];
}

/**
 * The system calls that a profile blocks, for people to read: those of the machine's own architecture.
 * @example
 * blockedCalls(profile, 'x64').blocked; // ['acct', 'add_key', 'bpf', ...]
 */
export function blockedCalls(profile: Seccomp, arch: Arch): BlockedCalls {
  const [native = 'SCMP_ARCH_X86_64'] = architecturesOn(arch);
  const rules = rulesOf(profile, native);
  const fallback = verdictOf(profile.defaultAction, profile.defaultErrnoRet);
  const found: BlockedCalls = { blocked: [], conditional: [] };
  for (const [name, number] of [...numbersOf(native)].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const { conditional, otherwise } = rules.get(number) ?? { conditional: [], otherwise: fallback };
    const ways = [otherwise, ...conditional.map(({ verdict }) => verdict)].map(isBlocking);
    if (ways.every((blocks) => blocks)) found.blocked.push(name);
    else if (ways.some((blocks) => blocks)) found.conditional.push(name);
  }
  return found;
}

/** A listener or a tracer may let a call through. */
function isBlocking(verdict: number): boolean {
  return !['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_NOTIFY', 'SCMP_ACT_TRACE'].includes(actionOf(verdict));
}
