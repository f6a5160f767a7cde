import type { Seccomp } from '@coracle/oci-spec';
import { AUDIT_ARCH, actionOf, compileProfile, type Filter, numbersOf, simulate } from '@coracle/seccomp';
import { OptionError } from './option-error.ts';

const filters = new WeakMap<Seccomp, Filter>();

/**
 * The compiled form of a profile; compiled once for each profile, as most containers of a program have the same.
 * @throws {OptionError} a filter behind which no program can start; ConfigError, see compileProfile
 */
export function filterFor(profile: Seccomp): Filter {
  const known = filters.get(profile);
  if (known) return known;
  const filter = compileProfile(profile);
  if (!canStartPrograms(filter))
    throw new OptionError(
      'security.seccomp',
      'no program can start behind this seccomp profile: it forbids execve',
      'add a rule: { "names": ["execve"], "action": "SCMP_ACT_ALLOW" }',
    );
  filters.set(profile, filter);
  return filter;
}

/** Says what the compiled form of a profile is, where that is known already. */
export function rememberFilter(profile: Seccomp, filter: Filter): void {
  filters.set(profile, filter);
}

function canStartPrograms({ bytes }: Filter): boolean {
  const architecture = process.arch === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64';
  const nr = numbersOf(architecture)['execve'] ?? -1;
  const action = actionOf(simulate(bytes, { auditArch: AUDIT_ARCH[architecture], nr }).value);
  return ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_NOTIFY', 'SCMP_ACT_TRACE'].includes(action);
}
