import type { Seccomp } from '@coracle/oci-spec';
import { compileProfile, decide, type Filter } from '@coracle/seccomp';
import { OptionError } from '../options/option-error.ts';

const filters = new WeakMap<Seccomp, Filter>();

/**
 * The compiled form of a profile; compiled once for each profile, as most containers of a program have the same.
 * @throws {OptionError} a filter behind which no program can start; ConfigError, see compileProfile
 */
export function filterFor(profile: Seccomp): Filter {
  const known = filters.get(profile);
  if (known) return known;
  const filter = compileProfile(profile);
  // Who answers has the listener before: it is asked about the start itself then.
  if (!lets(filter, 'execve') && decide(filter, { name: 'execve' }).action !== 'SCMP_ACT_NOTIFY')
    throw new OptionError(
      'security.seccomp',
      'no program can start behind this seccomp profile: it forbids execve',
      'add a rule: { "names": ["execve"], "action": "SCMP_ACT_ALLOW" }',
    );
  if (filter.notifies && !(lets(filter, 'sendmsg') && lets(filter, 'dup3')))
    throw new OptionError(
      'security.seccomp',
      'the listener of this seccomp profile cannot be handed over: it asks about sendmsg or dup3, or forbids them',
      'allow both',
    );
  filters.set(profile, filter);
  return filter;
}

/** Says what the compiled form of a profile is, where that is known already. */
export function rememberFilter(profile: Seccomp, filter: Filter): void {
  filters.set(profile, filter);
}

/** Whether a call is made without anybody being asked. */
function lets(filter: Filter, name: string): boolean {
  const { action } = decide(filter, { name });
  return action === 'SCMP_ACT_ALLOW' || action === 'SCMP_ACT_LOG';
}
