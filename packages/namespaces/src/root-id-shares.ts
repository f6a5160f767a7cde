import { overlaps, type SubidRange } from './subids.ts';

/** As many ids as programs count on: all of 16 bits. */
const SHARE = 65536;

/**
 * Where root's containers are when no range is reserved for them: above what useradd(8) gives to users and what systemd
 * gives to containers, below 2^31, where some file systems and programs end.
 */
const UNRESERVED = { start: 0x7000_0000, end: 0x7fff_0000 };

/**
 * The shares into which the ids of root's containers are divided, so that each can have one that no other has, in the order in which
 * they are to be given out. A share is 65536 ids: of the ranges reserved for containers, one after the other, so that it may be in
 * several pieces; where fewer are reserved there is one share, all of them. With none reserved they lie from 1879048192 (0x70000000)
 * on, as far as nobody was granted any id of them.
 * @param reserved lines of /etc/subuid or /etc/subgid, see {@link parseSubids}
 * @param granted everybody's lines of both files
 * @see subuid(5), user_namespaces(7)
 * @example
 * const [first] = rootIdShares([{ start: 100000, count: 131072 }]); // [{ start: 100000, count: 65536 }]
 */
export function* rootIdShares(
  reserved: readonly SubidRange[],
  granted: readonly SubidRange[] = [],
): Generator<readonly SubidRange[]> {
  if (reserved.length === 0) yield* unreserved(granted);
  else yield* divide(reserved);
}

/** None at all only where somebody was granted everything. */
function* unreserved(granted: readonly SubidRange[]): Generator<readonly SubidRange[]> {
  for (let { start } = UNRESERVED; start < UNRESERVED.end; start += SHARE) {
    const share = { start, count: SHARE };
    if (!granted.some((range) => overlaps(range, share))) yield [share];
  }
}

function* divide(ranges: readonly SubidRange[]): Generator<readonly SubidRange[]> {
  let isFirst = true;
  let pieces: SubidRange[] = [];
  let missing = SHARE;
  for (const { start, count } of ranges)
    for (let taken = 0; taken < count; ) {
      const piece = { start: start + taken, count: Math.min(missing, count - taken) };
      pieces.push(piece);
      taken += piece.count;
      missing -= piece.count;
      if (missing > 0) continue;
      yield pieces;
      isFirst = false;
      pieces = [];
      missing = SHARE;
    }
  if (isFirst && pieces.length > 0) yield pieces;
}
