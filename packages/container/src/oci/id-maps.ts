import type { IdMapping, IdMaps } from '@coracle/namespaces';
import type { IDMapping } from '@coracle/oci-spec';
import type { Host } from '../host.ts';
import { cannot } from './config-error.ts';
import type { Normalized } from './normalize.ts';

/**
 * The id maps of a configuration's user namespace. Root writes any; an ordinary user writes his own ids as single ones, and for more
 * newuidmap(1) and newgidmap(1) do.
 * @returns `undefined` without a new user namespace
 * @throws {ConfigError} for a new user namespace without mappings
 */
export function configIdMaps({ linux }: Normalized, host: Pick<Host, 'uid' | 'gid' | 'helpers'>): IdMaps | undefined {
  const user = linux.namespaces?.find(({ type }) => type === 'user');
  if (!user || user.path !== undefined) return undefined;
  for (const key of ['uidMappings', 'gidMappings'] as const)
    if (!linux[key]?.length)
      throw cannot(
        { path: `$.linux.${key}`, value: linux[key] },
        'a list of at least one mapping, as there is a new user namespace',
      );
  const uids = toMappings(linux.uidMappings);
  const gids = toMappings(linux.gidMappings);
  if (host.uid === 0) return { uids, gids, how: 'direct' };
  if (isOwn(uids, host.uid) && isOwn(gids, host.gid)) return { uids, gids, how: 'single' };
  const { helpers } = host;
  return { uids, gids, how: 'helper', ...(helpers ? { helpers } : {}) };
}

/** Mappings in the words of `@coracle/namespaces`. */
export function toMappings(mappings: readonly IDMapping[] = []): IdMapping[] {
  return mappings.map(({ containerID, hostID, size }) => ({ containerId: containerID, hostId: hostID, size }));
}

function isOwn(mappings: readonly IdMapping[], id: number): boolean {
  return mappings.length === 1 && mappings.every(({ hostId, size }) => hostId === id && size === 1);
}
