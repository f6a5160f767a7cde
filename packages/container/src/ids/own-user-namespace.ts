import { type IdMapping, type IdMaps, isMapped, namespaceInode, parseIdMap } from '@coracle/namespaces';

/** The number of the first user namespace, PROC_USER_INIT_INO in the kernel's linux/proc_ns.h: the same on every machine. */
const FIRST = 0xeffffffd;

let isInOwn: boolean | undefined;

/**
 * Whether this process is in a user namespace that somebody made, as in a container of rootless podman: root has fewer rights
 * there than its capabilities say. It can make no device nodes. Looked up once: a process with threads, which each one of Node's has,
 * cannot enter another.
 * @see user_namespaces(7), setns(2)
 */
export function isInOwnUserNamespace(): boolean {
  isInOwn ??= (namespaceInode('self', 'user') ?? FIRST) !== FIRST;
  return isInOwn;
}

/**
 * The first of the ids that root would give to a container and does not have itself.
 * @param own the texts of /proc/self/uid_map and gid_map; without a /proc, empty, nobody can tell
 * @returns `undefined` when it has them all
 */
export function idNotOwned(
  { uids, gids }: Pick<IdMaps, 'uids' | 'gids'>,
  own: { uidMap: string; gidMap: string },
): number | undefined {
  return firstMissing(uids, own.uidMap) ?? firstMissing(gids, own.gidMap);
}

function firstMissing(wanted: readonly IdMapping[], map: string): number | undefined {
  const own = parseIdMap(map);
  if (own.length === 0) return undefined;
  return wanted
    .flatMap(({ hostId, size }) => [hostId, hostId + size - 1])
    .find((id) => !isMapped(own, { containerId: id }));
}
