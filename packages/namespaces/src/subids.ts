import { ID_END } from './id-map.ts';

/** Ids of the host that a user may give to containers, as /etc/subuid and /etc/subgid grant them. */
export interface SubidRange {
  start: number;
  /** How many, at least 1. */
  count: number;
}

/** Whose ranges are looked for: a line may name the user or give the number; one that is absent here is not looked for. */
export interface SubidOwner {
  name?: string | undefined;
  /** The user id, also for /etc/subgid. */
  id?: number | undefined;
}

/**
 * The ranges of a user, or of everybody, in the text of /etc/subuid or /etc/subgid, in the order of the file.
 *
 * Lines that are not `owner:start:count` in decimal are passed over, as newuidmap(1) does; so are comments and empty ranges.
 * @param owner everybody if absent
 * @returns an empty list for a user without ranges
 * @see subuid(5), subgid(5)
 * @example
 * parseSubids('alice:100000:65536\n', { name: 'alice', id: 1000 }); // [{ start: 100000, count: 65536 }]
 */
export function parseSubids(text: string, owner?: SubidOwner): SubidRange[] {
  const names = owner && [owner.name, owner.id?.toString()];
  return text.split('\n').flatMap((line) => {
    const match = /^([^:#]+):(0|[1-9]\d*):([1-9]\d*)$/.exec(line);
    if (!match || (names && !names.includes(match[1]))) return [];
    const range = { start: Number(match[2]), count: Number(match[3]) };
    return range.start + range.count <= ID_END ? [range] : [];
  });
}

/** Whether two ranges have an id in common. */
export function overlaps(one: SubidRange, other: SubidRange): boolean {
  return one.start < other.start + other.count && other.start < one.start + one.count;
}
