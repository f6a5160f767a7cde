import type { Seccomp, SeccompAction } from '@coracle/oci-spec';

const BLOCKING: readonly SeccompAction[] = [
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_KILL_PROCESS',
];

/**
 * A profile that asks a listener about every call that the given one blocks.
 * @example
 * notifyBlocked(defaultProfile(target)).defaultAction; // 'SCMP_ACT_NOTIFY'
 */
export function notifyBlocked(profile: Seccomp): Seccomp {
  const asking = (action: SeccompAction): SeccompAction => (BLOCKING.includes(action) ? 'SCMP_ACT_NOTIFY' : action);
  return {
    ...profile,
    defaultAction: asking(profile.defaultAction),
    syscalls: (profile.syscalls ?? []).map((rule) => ({ ...rule, action: asking(rule.action) })),
  };
}
