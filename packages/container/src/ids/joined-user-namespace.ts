import type { Config } from '@coracle/oci-spec';
import { type Step, setgroups } from '@coracle/syscalls';

/** Whether a container is in a user namespace that was there before, with maps that nobody here knows. */
export function joinsUserNamespace({ linux }: Pick<Config, 'linux'>): boolean {
  return linux?.namespaces?.some(({ type, path }) => type === 'user' && path !== undefined) ?? false;
}

/** Whether a container is in another user namespace than its maker, be it made for it or there before. */
export function hasUserNamespace({ linux }: Pick<Config, 'linux'>): boolean {
  return linux?.namespaces?.some(({ type }) => type === 'user') ?? false;
}

/**
 * By who enters a user namespace that was there before, while outside: inside it may be settled for good which groups a process has. An
 * ordinary user has no right to, and keeps his own.
 * @see user_namespaces(7), "The /proc/pid/setgroups file"
 */
export function leaveGroups(): Step {
  return setgroups([], { why: 'belong to no other group', tolerate: ['EPERM'] });
}
