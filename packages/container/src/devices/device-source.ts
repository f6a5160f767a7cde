import { toMask } from '@coracle/capabilities';
import type { DeviceSource, NullDevice } from '@coracle/chroot-fs';
import type { Config } from '@coracle/oci-spec';
import type { Host } from '../host.ts';
import { isInOwnUserNamespace } from '../ids/own-user-namespace.ts';

/** How device nodes come about: they can be made by who has the right, on a machine that is not itself a user namespace. */
export function deviceSource(inUserNamespace: boolean, host: Host): DeviceSource {
  const mayMake = (host.capabilities(false).available & toMask(['CAP_MKNOD'])) !== 0n;
  return inUserNamespace || !mayMake || isInOwnUserNamespace() ? 'bind' : 'mknod';
}

/** What hides files, and what the host's null device is like where it is that. */
export interface HidesFiles {
  source: NullDevice;
  /** Type and permission bits. */
  mode?: number;
}

/**
 * What the masked files of a container are hidden behind. With the older mount calls a mount that is held does not get past the change
 * of the root.
 * @throws SystemError when the host's null device is needed and is something else
 */
export function hidesFiles({ linux = {} }: Config, host: Host, { isOlder }: { isOlder: boolean }): HidesFiles {
  const inUserNamespace = linux.namespaces?.some(({ type }) => type === 'user') ?? false;
  if ((linux.maskedPaths ?? []).length === 0) return { source: 'none' };
  if (deviceSource(inUserNamespace, host) === 'mknod') return { source: 'mknod' };
  return isOlder ? { source: 'none' } : { source: 'held', mode: host.nullDevice };
}
