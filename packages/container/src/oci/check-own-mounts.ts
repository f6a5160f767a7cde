import { hasOwnMounts } from '../plan/own-mounts.ts';
import { cannot } from './config-error.ts';
import type { Normalized } from './normalize.ts';

/**
 * Checks that a container without a mount namespace of its own can have its files.
 * @param canDetach whether the kernel attaches mounts to, and copies them from, what is attached nowhere
 * @throws {ConfigError}
 */
export function checkOwnMounts(config: Normalized, canDetach: boolean): void {
  if (hasOwnMounts(config)) return;
  const { namespaces = [] } = config.linux;
  const field = { path: '$.linux.namespaces', value: namespaces };
  const mustHave = 'a list with { "type": "mount" } and no path for it';
  if (namespaces.some(({ type, path }) => type === 'user' && path === undefined))
    throw cannot(field, `${mustHave}, as root of a new user namespace may mount in no other`);
  if (!canDetach)
    throw cannot(
      field,
      `${mustHave}, as this kernel, or a filter of system calls, has all mounts attached where others see them`,
      'Linux 6.15 and later do without',
    );
}
