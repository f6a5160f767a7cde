import { type ErrnoName, errnoName } from '@coracle/errors';
import type { SeccompAction } from '@coracle/oci-spec';
import { hostArch } from '@coracle/syscalls';
import { AUDIT_ARCH, architecturesOn, type FilteredArchitecture, numbersOf } from './architectures.ts';
import type { Filter } from './compile-profile.ts';
import { simulate } from './simulate.ts';
import { actionOf } from './verdict.ts';

/** What a filter makes of a system call. */
export interface Decision {
  action: SeccompAction;
  /** With `SCMP_ACT_ERRNO`, if the number is that of an errno. */
  errno?: ErrnoName;
}

/**
 * What a filter makes of a system call, without loading it.
 * @param call by its name on this machine's own architecture, or as a notification has it; arguments that are absent are 0
 * @example
 * decide(filter, { name: 'mount' }); // { action: 'SCMP_ACT_ERRNO', errno: 'EPERM' }
 */
export function decide(
  { bytes }: Pick<Filter, 'bytes'>,
  call: { name: string } | { number: number; architecture: FilteredArchitecture | undefined; args: readonly bigint[] },
): Decision {
  const [native] = architecturesOn(hostArch());
  const architecture = 'name' in call ? native : call.architecture;
  const nr = 'name' in call ? ((native && numbersOf(native).get(call.name)) ?? -1) : call.number;
  const args = 'name' in call ? [] : call.args;
  const { value } = simulate(bytes, { auditArch: architecture === undefined ? 0 : AUDIT_ARCH[architecture], nr, args });
  const action = actionOf(value);
  const errno = action === 'SCMP_ACT_ERRNO' ? errnoName(value & 0xffff) : undefined;
  return errno === undefined ? { action } : { action, errno };
}
