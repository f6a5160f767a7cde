import type { Config } from '@coracle/oci-spec';

/**
 * Whether a container's mounts are in a namespace that was made for it. If not, it is in its maker's or in one that was there before,
 * and has its files from a tree that is attached nowhere: what the others in the namespace see is not changed for it.
 */
export function hasOwnMounts({ linux }: Pick<Config, 'linux'>): boolean {
  return linux?.namespaces?.some(({ type, path }) => type === 'mount' && path === undefined) ?? false;
}
