import {
  checkIdMap,
  isMapped,
  parseSubids,
  planIdMaps,
  rootIdMaps,
  type SubidRange,
  sameIdMaps,
} from '@coracle/namespaces';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

const RANGE = [{ start: 100000, count: 65536 }];
const ONLY_SELF = {
  uids: [{ containerId: 0, hostId: 1000, size: 1 }],
  gids: [{ containerId: 0, hostId: 100, size: 1 }],
};
const alice = { uid: 1000, gid: 100, subuids: RANGE, subgids: RANGE, hasNewidmap: true };

describe('the ranges in /etc/subuid', () => {
  const text = ['alice:100000:65536', 'bob:165536:65536', '1000:300000:10', 'alice:400000:5', ''].join('\n');

  test('are those of the name and of the number, in order', () => {
    expect(parseSubids(text, { name: 'alice', id: 1000 })).toEqual([
      { start: 100000, count: 65536 },
      { start: 300000, count: 10 },
      { start: 400000, count: 5 },
    ]);
  });

  test('are those of the number alone for a user without a name', () => {
    expect(parseSubids(text, { id: 1000 })).toEqual([{ start: 300000, count: 10 }]);
  });

  test('are those of everybody when nobody is named', () => {
    expect(parseSubids(text).map(({ start }) => start)).toEqual([100000, 165536, 300000, 400000]);
  });

  test('of a user whose name begins like another are not mixed up', () => {
    expect(parseSubids('alice2:1:1\nal:2:2\n', { name: 'alice', id: 1 })).toEqual([]);
  });

  test('are those of the name alone for an owner without a number', () => {
    expect(parseSubids(text, { name: 'alice' })).toEqual([
      { start: 100000, count: 65536 },
      { start: 400000, count: 5 },
    ]);
  });

  test('of a stranger are none', () => {
    expect(parseSubids(text, { name: 'eve', id: 6 })).toEqual([]);
    expect(parseSubids('', { name: 'eve', id: 6 })).toEqual([]);
  });

  test.each([
    '# alice:1:1',
    'alice',
    'alice:1',
    'alice:1:1:1',
    'alice::1',
    'alice:1:',
    'alice:one:1',
    'alice:-1:1',
    'alice:0x10:1',
    'alice:1:0',
    'alice:4294967290:100',
    ' alice:1:1',
    'alice:1:1 # first',
  ])('the line %j is passed over', (line) => {
    expect(parseSubids(`${line}\nalice:7:7`, { name: 'alice', id: 1000 })).toEqual([{ start: 7, count: 7 }]);
  });

  test('that were written are read', () => {
    const range = fc.record({
      start: fc.integer({ min: 0, max: 2 ** 31 }),
      count: fc.integer({ min: 1, max: 2 ** 30 }),
    });
    fc.assert(
      fc.property(fc.array(range), (ranges) => {
        const lines = ranges.map(({ start, count }) => `alice:${start}:${count}\nnoise:1:1\n`).join('');
        expect(parseSubids(lines, { name: 'alice', id: 1000 })).toEqual(ranges);
      }),
    );
  });
});

describe('the maps of an ordinary user', () => {
  test('are root as himself and the others from his ranges, through the helpers', () => {
    expect(planIdMaps(alice)).toEqual({
      uids: [
        { containerId: 0, hostId: 1000, size: 1 },
        { containerId: 1, hostId: 100000, size: 65536 },
      ],
      gids: [
        { containerId: 0, hostId: 100, size: 1 },
        { containerId: 1, hostId: 100000, size: 65536 },
      ],
      how: 'helper',
    });
  });

  test.each([
    ['without ranges for users', { subuids: [] }],
    ['without ranges for groups', { subgids: [] }],
    ['without the helpers', { hasNewidmap: false }],
  ])('%s are his own ids only', (_, lack) => {
    expect(planIdMaps({ ...alice, ...lack })).toEqual({ ...ONLY_SELF, how: 'single' });
  });

  test('use several ranges one after the other', () => {
    const { uids } = planIdMaps({ ...alice, subuids: [...RANGE, { start: 500000, count: 10 }] });
    expect(uids.slice(1)).toEqual([
      { containerId: 1, hostId: 100000, size: 65536 },
      { containerId: 65537, hostId: 500000, size: 10 },
    ]);
  });

  test('pass over a range granted twice, as by name and by number', () => {
    expect(planIdMaps({ ...alice, subuids: [...RANGE, ...RANGE] }).uids).toHaveLength(2);
  });

  test('pass over a range that holds the user himself', () => {
    const { uids, how } = planIdMaps({ ...alice, subuids: [{ start: 900, count: 200 }] });
    expect({ uids, how }).toEqual({ uids: ONLY_SELF.uids, how: 'single' });
  });

  test('leave out ranges the kernel has no room for', () => {
    const many = Array.from({ length: 400 }, (_, index) => ({ start: 1_000_000_000 + index * 2, count: 1 }));
    const { uids, how } = planIdMaps({ ...alice, subuids: many });
    expect(how).toBe('helper');
    expect(uids.length).toBeGreaterThan(200);
    checkIdMap(uids);
  });

  test('are such as the kernel takes, whatever the ranges', () => {
    const range: fc.Arbitrary<SubidRange> = fc.record({
      start: fc.oneof(fc.nat(3000), fc.integer({ min: 0, max: 4_000_000_000 })),
      count: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 290_000_000 })),
    });
    fc.assert(
      fc.property(fc.array(range, { maxLength: 400 }), fc.nat(70000), (subuids, uid) => {
        const { uids, gids } = planIdMaps({ ...alice, uid, subuids });
        checkIdMap(uids);
        checkIdMap(gids);
        expect(uids[0]).toEqual({ containerId: 0, hostId: uid, size: 1 });
      }),
    );
  });
});

describe('the maps of an ordinary user who keeps his ids', () => {
  const keeping = { ...alice, inside: { uid: 1000, gid: 100 } };

  test('are himself as himself and all others, root too, from his ranges', () => {
    expect(planIdMaps(keeping)).toEqual({
      uids: [
        { containerId: 0, hostId: 100000, size: 1000 },
        { containerId: 1000, hostId: 1000, size: 1 },
        { containerId: 1001, hostId: 101000, size: 64536 },
      ],
      gids: [
        { containerId: 0, hostId: 100000, size: 100 },
        { containerId: 100, hostId: 100, size: 1 },
        { containerId: 101, hostId: 100100, size: 65436 },
      ],
      how: 'helper',
    });
  });

  test('are himself alone where he has no ranges, and there is no root then', () => {
    const { uids, gids, how } = planIdMaps({ ...keeping, subuids: [] });
    expect({ uids, how }).toEqual({ uids: [{ containerId: 1000, hostId: 1000, size: 1 }], how: 'single' });
    expect([isMapped(uids, { containerId: 0 }), isMapped(gids, { containerId: 0 })]).toEqual([false, false]);
  });

  test('can make him another user inside', () => {
    const { uids } = planIdMaps({ ...alice, inside: { uid: 33, gid: 33 } });
    expect(uids[1]).toEqual({ containerId: 33, hostId: 1000, size: 1 });
  });

  test.each([
    ['exactly up to the next range', 10],
    ['beyond all ranges', 70000],
    ['amid the second range', 12],
  ])('have no gap but his own id: %s', (_, uid) => {
    const subuids = [
      { start: 100000, count: 10 },
      { start: 200000, count: 10 },
    ];
    const { uids } = planIdMaps({ ...alice, subuids, inside: { uid, gid: 0 } });
    const ids = uids.flatMap(({ containerId, size }) =>
      Array.from({ length: size }, (_, index) => containerId + index),
    );
    const expected = Array.from({ length: 20 }, (_, index) => (uid > 20 || index < uid ? index : index + 1));
    expect(ids).toEqual([...expected, uid].toSorted((a, b) => a - b));
    expect(uids.reduce((sum, { size }) => sum + size, 0)).toBe(21);
  });

  test('are such as the kernel takes, and hold him where he wants to be', () => {
    const range = fc.record({
      start: fc.integer({ min: 1001, max: 2 ** 31 }),
      count: fc.integer({ min: 1, max: 2 ** 20 }),
    });
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), fc.nat(2 ** 21), (subuids, uid) => {
        const { uids } = planIdMaps({ ...alice, subuids, inside: { uid, gid: 0 } });
        checkIdMap(uids);
        expect(uids).toContainEqual({ containerId: uid, hostId: 1000, size: 1 });
      }),
    );
  });
});

describe('the maps of root', () => {
  const SHIFTED = [{ containerId: 0, hostId: 0x7000_0000, size: 65536 }];

  test('are in a range far up when nothing else is known', () => {
    expect(rootIdMaps()).toEqual({ uids: SHIFTED, gids: SHIFTED, how: 'direct' });
  });

  test('pass over ids that somebody was granted, who could enter the container', () => {
    const granted = [{ start: 0x7000_ffff, count: 2 }];
    expect(rootIdMaps({ granted }).uids).toEqual([{ containerId: 0, hostId: 0x7002_0000, size: 65536 }]);
  });

  test('cannot be had when everything was granted', () => {
    expect(() => rootIdMaps({ granted: [{ start: 1, count: 2 ** 32 - 2 }] })).toThrow(/the id map is empty/);
  });

  test('who keeps all ids map each to itself, whatever they are further out', () => {
    const own = {
      uids: [
        { containerId: 0, hostId: 1000, size: 1 },
        { containerId: 1, hostId: 100000, size: 9 },
      ],
      gids: SHIFTED,
    };
    expect(sameIdMaps(own)).toEqual({
      uids: [
        { containerId: 0, hostId: 0, size: 1 },
        { containerId: 1, hostId: 1, size: 9 },
      ],
      gids: [{ containerId: 0, hostId: 0, size: 65536 }],
      how: 'direct',
    });
  });

  test('tell which ids they hold, of either side', () => {
    const ids = [
      { hostId: 0 },
      { hostId: 0x7000_0000 },
      { hostId: 0x7001_0000 },
      { containerId: 65535 },
      { containerId: 65536 },
    ];
    expect(ids.map((id) => isMapped(SHIFTED, id))).toEqual([false, true, false, true, false]);
  });

  test('begin at the ranges reserved for root', () => {
    const { uids, gids } = rootIdMaps({ subuids: [{ start: 700000, count: 1000 }] });
    expect(uids).toEqual([{ containerId: 0, hostId: 700000, size: 1000 }]);
    expect(gids).toEqual(SHIFTED);
  });

  test('are those asked for, before all ranges', () => {
    const asked = [{ containerId: 0, hostId: 0, size: 10 }];
    expect(rootIdMaps({ uids: asked, gids: asked, subuids: RANGE })).toEqual({
      uids: asked,
      gids: asked,
      how: 'direct',
    });
  });

  test('that cannot be are refused', () => {
    expect(() => rootIdMaps({ uids: [] })).toThrow(/the id map is empty/);
    expect(() => rootIdMaps({ gids: [{ containerId: 0, hostId: 0, size: 0 }] })).toThrow(/the size must be at least 1/);
  });
});
