import { flags, type Purpose, SECCOMP_FILTER, type Step, seccomp } from '@coracle/syscalls';
import type { Filter } from './compile-profile.ts';

/**
 * The step that puts a filter in force, for the calling process and all that it starts. It belongs right before execve(2):
 * every later step is judged by it.
 *
 * Needs no_new_privs, or CAP_SYS_ADMIN in the user namespace of the process. Of a filter that notifies, the step returns
 * the listener's descriptor.
 * @see seccomp(2), seccomp_unotify(2)
 * @example
 * loadFilter(compileProfile(profile), { why: 'filter system calls', result: 'listener' });
 */
export function loadFilter({ bytes, flags: wanted, notifies }: Filter, purpose: Purpose): Step {
  const all = notifies ? [...wanted, 'SECCOMP_FILTER_FLAG_NEW_LISTENER' as const] : wanted;
  return seccomp({ instructions: bytes, flags: all.length === 0 ? 0 : flags(SECCOMP_FILTER, ...all) }, purpose);
}
