import { checkIdMap, fitsIdMap, ID_END, type IdMapping } from './id-map.ts';
import { rootIdShares } from './root-id-shares.ts';
import { overlaps, type SubidRange } from './subids.ts';

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
  /** With `'helper'`: the programs to start, by absolute path; those in PATH if absent. */
  helpers?: IdMapHelpers;
}

/** Where newuidmap(1) and newgidmap(1) are. */
export interface IdMapHelpers {
  newuidmap: string;
  newgidmap: string;
}

/** A user and a group. */
export interface OwnIds {
  uid: number;
  gid: number;
}

/** What an ordinary user has. */
export interface UserIdFacts extends OwnIds {
  /** From /etc/subuid and /etc/subgid, see {@link parseSubids}. */
  subuids: readonly SubidRange[];
  subgids: readonly SubidRange[];
  /** Whether newuidmap(1) and newgidmap(1) are installed. */
  hasNewidmap: boolean;
  /** Which ids the caller's own are in the container; root's if absent. */
  inside?: OwnIds;
}

/**
 * The id maps of a container that an ordinary user starts: one id of it, root's or the one asked for, is the caller; its
 * others are taken from the caller's subordinate ranges, in order. Without ranges for both, or without the helpers, there is
 * no other.
 *
 * A range that overlaps ids already mapped is passed over.
 * @see user_namespaces(7), newuidmap(1)
 * @example
 * planIdMaps({ uid: 1000, gid: 1000, subuids: [{ start: 100000, count: 65536 }], subgids: [], hasNewidmap: true }).how; // 'single'
 */
export function planIdMaps({
  uid,
  gid,
  subuids,
  subgids,
  hasNewidmap,
  inside = { uid: 0, gid: 0 },
}: UserIdFacts): IdMaps {
  const own = {
    uid: { containerId: inside.uid, hostId: uid, size: 1 },
    gid: { containerId: inside.gid, hostId: gid, size: 1 },
  };
  const uids = fill(subuids, own.uid);
  const gids = fill(subgids, own.gid);
  if (hasNewidmap && uids.length > 1 && gids.length > 1) return { uids, gids, how: 'helper' };
  return { uids: [own.uid], gids: [own.gid], how: 'single' };
}

/** What root may say about the maps of a user namespace; all of it optional. */
export interface RootIdOptions {
  /** Maps the caller asked for; they go before the ranges. */
  uids?: readonly IdMapping[] | undefined;
  gids?: readonly IdMapping[] | undefined;
  /** The lines of /etc/subuid and /etc/subgid that are reserved for root's containers. */
  subuids?: readonly SubidRange[];
  subgids?: readonly SubidRange[];
  /** Everybody's lines of both files: who is granted an id could enter a container that has it. */
  granted?: readonly SubidRange[];
}

/**
 * The id maps of a container that root starts in a user namespace: those asked for, else the ranges reserved for it from
 * container id 0 on, else the first 65536 ids from 1879048192 (0x70000000) on that are granted to nobody. The host's
 * root is in none of them unless asked for.
 * @throws SystemError EINVAL for maps the kernel would refuse, see {@link checkIdMap}
 * @see user_namespaces(7)
 * @example
 * rootIdMaps().uids; // [{ containerId: 0, hostId: 1879048192, size: 65536 }]
 */
export function rootIdMaps({ uids, gids, subuids = [], subgids = [], granted = [] }: RootIdOptions = {}): IdMaps {
  const mapped = (ranges: readonly SubidRange[]): IdMapping[] => fill(ranges.length > 0 ? ranges : firstShare(granted));
  const maps = { uids: uids ?? mapped(subuids), gids: gids ?? mapped(subgids) };
  checkIdMap(maps.uids);
  checkIdMap(maps.gids);
  return { ...maps, how: 'direct' };
}

function firstShare(granted: readonly SubidRange[]): readonly SubidRange[] {
  const [first = []] = rootIdShares([], granted);
  return first;
}

/**
 * The id maps of a container that root starts in a user namespace in which every id is what it is outside.
 * @param own those of the namespace the caller is in, as /proc/self/uid_map and gid_map give them, see {@link parseIdMap}
 * @see user_namespaces(7)
 * @example
 * const all = [{ containerId: 0, hostId: 0, size: 4294967295 }];
 * sameIdMaps({ uids: all, gids: all }).how; // 'direct'
 */
export function sameIdMaps({ uids, gids }: Pick<IdMaps, 'uids' | 'gids'>): IdMaps {
  const same = ({ containerId, size }: IdMapping): IdMapping => ({ containerId, hostId: containerId, size });
  return { uids: uids.map(same), gids: gids.map(same), how: 'direct' };
}

/**
 * Whether an id, of the container or of the host, is in a map.
 * @example
 * isMapped(rootIdMaps().uids, { hostId: 0 }); // false
 */
export function isMapped(mappings: readonly IdMapping[], id: { containerId: number } | { hostId: number }): boolean {
  return mappings.some(({ containerId, hostId, size }) => {
    const [first, one] = 'hostId' in id ? [hostId, id.hostId] : [containerId, id.containerId];
    return first <= one && one < first + size;
  });
}

/**
 * Container ids from 0 on, without a gap but for the one that is taken by the caller. Ranges the kernel would refuse
 * beside the others are passed over.
 */
function fill(ranges: readonly SubidRange[], own?: IdMapping): IdMapping[] {
  const all = own ? [own] : [];
  let next = 0;
  for (const range of ranges) {
    const pieces = place(range, next, own?.containerId);
    const isTaken = all.some(({ hostId, size }) => overlaps(range, { start: hostId, count: size }));
    const isBeyond = pieces.some(({ containerId, size }) => containerId + size > ID_END);
    if (isTaken || isBeyond || !fitsIdMap([...all, ...pieces])) continue;
    all.push(...pieces);
    next = Math.max(...pieces.map(({ containerId, size }) => containerId + size));
  }
  return all.toSorted((one, other) => one.containerId - other.containerId);
}

/** A range from a container id on, in two pieces where the hole is amid it. */
function place({ start, count }: SubidRange, next: number, hole: number | undefined): IdMapping[] {
  const containerId = next === hole ? next + 1 : next;
  if (hole === undefined || hole < containerId || hole >= containerId + count)
    return [{ containerId, hostId: start, size: count }];
  const below = hole - containerId;
  return [
    { containerId, hostId: start, size: below },
    { containerId: hole + 1, hostId: start + below, size: count - below },
  ];
}
