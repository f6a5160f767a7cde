import { checkIdMap, fitsIdMap, ID_END, type IdMapping } from './id-map.ts';
import type { SubidRange } from './subids.ts';

/** The id maps of a user namespace, and who can write them. */
export interface IdMaps {
  uids: readonly IdMapping[];
  gids: readonly IdMapping[];
  /**
   * `'single'`: the caller's own ids only; anyone may write it, and setgroups(2) is off in the container.
   * `'helper'`: newuidmap(1) and newgidmap(1) write it for a user who owns the ranges.
   * `'direct'`: the caller has CAP_SETUID and CAP_SETGID and writes it.
   */
  how: 'single' | 'helper' | 'direct';
}

/** What an ordinary user has. */
export interface UserIdFacts {
  /** Effective ids of the caller. */
  uid: number;
  gid: number;
  /** From /etc/subuid and /etc/subgid, see {@link parseSubids}. */
  subuids: readonly SubidRange[];
  subgids: readonly SubidRange[];
  /** Whether newuidmap(1) and newgidmap(1) are installed. */
  hasNewidmap: boolean;
}

/**
 * The id maps of a container that an ordinary user starts: its root is the caller, its other users are taken from the
 * caller's subordinate ranges. Without ranges for both, or without the helpers, its root is its only user.
 *
 * A range that overlaps ids already mapped is passed over.
 * @see user_namespaces(7), newuidmap(1)
 * @example
 * planIdMaps({ uid: 1000, gid: 1000, subuids: [{ start: 100000, count: 65536 }], subgids: [], hasNewidmap: true }).how; // 'single'
 */
export function planIdMaps({ uid, gid, subuids, subgids, hasNewidmap }: UserIdFacts): IdMaps {
  const uids = followedBy(uid, subuids);
  const gids = followedBy(gid, subgids);
  if (hasNewidmap && uids.length > 1 && gids.length > 1) return { uids, gids, how: 'helper' };
  return { uids: uids.slice(0, 1), gids: gids.slice(0, 1), how: 'single' };
}

/** The range Debian's and Fedora's useradd(8) give to the first user; taken where root has none of its own. */
const DEFAULT_RANGE: SubidRange = { start: 100000, count: 65536 };

/** What root may say about the maps of a user namespace; all of it optional. */
export interface RootIdOptions {
  /** Maps the caller asked for; they go before the ranges. */
  uids?: readonly IdMapping[] | undefined;
  gids?: readonly IdMapping[] | undefined;
  /** Root's own lines of /etc/subuid and /etc/subgid. */
  subuids?: readonly SubidRange[];
  subgids?: readonly SubidRange[];
}

/**
 * The id maps of a container that root starts in a user namespace: those asked for, else root's subordinate ranges from
 * container id 0 on, else 65536 ids from 100000 on. The host's root is in none of them unless asked for.
 * @throws SystemError EINVAL for maps the kernel would refuse, see {@link checkIdMap}
 * @see user_namespaces(7)
 * @example
 * rootIdMaps().uids; // [{ containerId: 0, hostId: 100000, size: 65536 }]
 */
export function rootIdMaps({ uids, gids, subuids = [], subgids = [] }: RootIdOptions = {}): IdMaps {
  const maps = { uids: uids ?? fromRanges(subuids), gids: gids ?? fromRanges(subgids) };
  checkIdMap(maps.uids);
  checkIdMap(maps.gids);
  return { ...maps, how: 'direct' };
}

function fromRanges(ranges: readonly SubidRange[]): IdMapping[] {
  return append([], ranges.length > 0 ? ranges : [DEFAULT_RANGE]);
}

function followedBy(id: number, ranges: readonly SubidRange[]): IdMapping[] {
  return append([{ containerId: 0, hostId: id, size: 1 }], ranges);
}

/** Container ids go on without a gap. Ranges the kernel would refuse beside the others are passed over. */
function append(mappings: readonly IdMapping[], ranges: readonly SubidRange[]): IdMapping[] {
  const all = [...mappings];
  for (const { start, count } of ranges) {
    const last = all.at(-1);
    const containerId = last ? last.containerId + last.size : 0;
    const isTaken = all.some(({ hostId, size }) => start < hostId + size && hostId < start + count);
    const mapping = { containerId, hostId: start, size: count };
    if (isTaken || containerId + count > ID_END || !fitsIdMap([...all, mapping])) continue;
    all.push(mapping);
  }
  return all;
}
