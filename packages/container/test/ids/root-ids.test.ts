import { describe, expect, test } from '@jest/globals';
import { idsOfRoot, type RootIds } from '../../src/ids/root-ids.ts';

const first = (subuid: string, subgid = ''): (number | undefined)[] => {
  const { uids, gids } = idsOfRoot({ subuid, subgid });
  return [uids[0]?.hostId, gids[0]?.hostId];
};

/** The same numbers again and again. */
function rowOf(numbers: readonly number[]): () => number {
  let next = 0;
  return () => numbers[next++ % numbers.length] ?? 0;
}

test("root's containers have the ids reserved for coracle, else those of root, else ones that nobody was granted", () => {
  const root = 'root:500000:10\n0:510000:10\n';
  expect(first(`${root}coracle:700000:10\n`, root)).toEqual([700000, 500000]);
  expect(first(root)).toEqual([500000, 0x7000_0000]);
  expect(first('alice:100000:65536\n')).toEqual([0x7000_0000, 0x7000_0000]);
});

test('what is granted in one of the files is left alone in both', () => {
  expect(first('', `alice:${0x7000_0000}:1\n`)).toEqual([0x7001_0000, 0x7001_0000]);
});

describe('a container beside others', () => {
  const FIRST = 0x7000_0000;
  const taken =
    (...starts: number[]): NonNullable<RootIds['isTaken']> =>
    (_, ids) =>
      ids.some(({ start, count }) => starts.some((one) => start <= one && one < start + count));
  const startOf = (options: Partial<RootIds>): number | undefined =>
    idsOfRoot({ subuid: '', subgid: '', ...options }).uids[0]?.hostId;

  test('has the first ids that none of them has', () => {
    expect(startOf({ isTaken: taken(FIRST, FIRST + 0x1_0000, FIRST + 0x3_ffff) })).toBe(FIRST + 0x2_0000);
  });

  test('finds its ids among a thousand with a handful of questions', () => {
    const living = new Set(Array.from({ length: 1000 }, (_, index) => FIRST + index * 0x1_0000));
    let questions = 0;
    const isTaken: RootIds['isTaken'] = (_, ids) => {
      questions++;
      return ids.some(({ start }) => living.has(start));
    };
    const chance = rowOf([0.01, 0.2, 0.9, 0.1, 0.99]);
    const { uids, gids } = idsOfRoot({ subuid: '', subgid: '', isTaken, chance });
    expect([uids[0]?.hostId, gids[0]?.hostId].filter((start) => living.has(Number(start)))).toEqual([]);
    expect(questions).toBeLessThan(2 * (16 + 5));
  });

  test('finds the only ids that are left, wherever they are', () => {
    const subuid = 'coracle:100000:6553600\n';
    for (const left of [0, 15, 16, 17, 50, 99]) {
      const start = 100000 + left * 65536;
      const isTaken: RootIds['isTaken'] = (kind, ids) => kind === 'uid' && ids[0]?.start !== start;
      expect(startOf({ subuid, isTaken, chance: () => 0 })).toBe(start);
      expect(startOf({ subuid, isTaken })).toBe(start);
    }
  });

  test('may have the ids of a user who is another group, and the other way round', () => {
    const halves = idsOfRoot({
      subuid: '',
      subgid: '',
      isTaken: (kind, ids) => kind === 'gid' && taken(FIRST)(kind, ids, { shared: false }),
    });
    expect([halves.uids[0]?.hostId, halves.gids[0]?.hostId]).toEqual([FIRST, FIRST + 0x1_0000]);
  });

  test('takes its share of what is reserved, 65536 ids, across lines', () => {
    const subuid = 'coracle:100000:65536\ncoracle:300000:40000\ncoracle:400000:40000\n';
    expect(idsOfRoot({ subuid, subgid: '', isTaken: taken(100000) }).uids).toEqual([
      { containerId: 0, hostId: 300000, size: 40000 },
      { containerId: 40000, hostId: 400000, size: 25536 },
    ]);
  });

  test('is refused when they have all that is reserved, with the line that gives more', () => {
    const subuid = 'coracle:100000:131072\n';
    expect(() => startOf({ subuid, isTaken: taken(100000, 165536) })).toThrow(
      expect.objectContaining({
        code: 'EBUSY',
        path: '/etc/subuid',
        hint: expect.stringContaining('coracle:1000000000'),
      }),
    );
    expect(() => startOf({ subgid: subuid, isTaken: (kind) => kind === 'gid' })).toThrow(
      expect.objectContaining({ code: 'EBUSY', path: '/etc/subgid' }),
    );
  });

  test('whose root belongs to some of the ids has them together with others of that root', () => {
    const owner = { uid: FIRST + 0x5_0007, gid: FIRST + 0x5_0007, path: '/srv/root' };
    const isTaken: RootIds['isTaken'] = (kind, ids, { shared }) =>
      !shared && taken(FIRST + 0x5_0000)(kind, ids, { shared });
    expect(startOf({ owner, isTaken })).toBe(FIRST + 0x5_0000);
    expect(startOf({ isTaken: (kind, ids, how) => taken(FIRST)(kind, ids, how) || isTaken(kind, ids, how) })).toBe(
      FIRST + 0x1_0000,
    );
  });

  test('whose root belongs to some of the ids has these, or none', () => {
    const owner = { uid: FIRST + 0x5_0007, gid: FIRST + 0x5_0007, path: '/srv/root' };
    expect(startOf({ owner })).toBe(FIRST + 0x5_0000);
    expect(startOf({ owner: { ...owner, uid: 1000 } })).toBe(FIRST);
    expect(() => startOf({ owner, isTaken: taken(FIRST + 0x5_0000) })).toThrow(
      expect.objectContaining({ code: 'EBUSY', path: '/srv/root', hint: expect.stringContaining('chown -R 0:0') }),
    );
  });
});
