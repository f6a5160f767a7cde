import {
  checkIdMap,
  type IdMapping,
  parseIdMap,
  parseSubids,
  planIdMaps,
  rootIdMaps,
  rootIdShares,
} from '@coracle/namespaces';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';

const ID_END = 2 ** 32 - 1;

/** Lines of three fields, and what is like them. */
const lines = (separator: string): fc.Arbitrary<string> => {
  const field = fc.oneof(
    fc.nat().map(String),
    fc.constantFrom('0', '4294967295', '18446744073709551616', '-1', '1e3', '0x10', '', 'alice', '#', '\0'),
    fc.string(),
  );
  const line = fc.array(field, { maxLength: 5 }).map((fields) => fields.join(separator));
  return fc.oneof(
    fc.string(),
    fc.array(line).map((all) => all.join('\n')),
  );
};

function refusesWith(code: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    expect(Object(error)).toMatchObject({ name: 'SystemError', code });
  }
}

test('any text of an id map is one of numbers, or refused', () => {
  fc.assert(
    fc.property(lines(' '), (text) => {
      refusesWith('EINVAL', () => {
        for (const mapping of parseIdMap(text))
          for (const number of Object.values(mapping)) expect(number).toBeGreaterThanOrEqual(0);
      });
    }),
    { numRuns: 500 },
  );
});

test('any text of /etc/subuid gives ranges of ids that there are, and of them maps that the kernel takes', () => {
  fc.assert(
    fc.property(lines(':'), (text) => {
      const ranges = parseSubids(text);
      for (const { start, count } of ranges) expect(start + count).toBeLessThanOrEqual(ID_END);
      const user = planIdMaps({ uid: 1000, gid: 1000, subuids: ranges, subgids: ranges, hasNewidmap: true });
      checkIdMap(user.uids);
      checkIdMap(user.gids);
      checkIdMap(rootIdMaps({ subuids: ranges }).uids);
    }),
    { numRuns: 500 },
  );
});

test('any numbers are a map that the kernel takes, or refused', () => {
  const number = fc.oneof(fc.double(), fc.nat(), fc.constantFrom(-1, ID_END, ID_END - 1, 2 ** 53, 0));
  const mapping: fc.Arbitrary<IdMapping> = fc.record({ containerId: number, hostId: number, size: number });
  fc.assert(
    fc.property(fc.array(mapping, { maxLength: 400 }), (mappings) => {
      refusesWith('EINVAL', () => {
        checkIdMap(mappings);
        for (const { containerId, hostId, size } of mappings) {
          for (const first of [containerId, hostId]) expect(first + size).toBeLessThanOrEqual(ID_END);
          expect(size).toBeGreaterThan(0);
        }
      });
    }),
    { numRuns: 500 },
  );
});

test('the shares of root have all the ids that are reserved for them but the last few, each once', () => {
  const range = fc.record({ start: fc.integer({ min: 1, max: 1000 }), count: fc.integer({ min: 1, max: 300_000 }) });
  fc.assert(
    fc.property(fc.array(range, { minLength: 1, maxLength: 6 }), (gaps) => {
      let end = 0;
      const reserved = gaps.map(({ start, count }) => {
        const first = end + start;
        end = first + count;
        return { start: first, count };
      });
      const total = reserved.reduce((sum, { count }) => sum + count, 0);
      const shares = [...rootIdShares(reserved)];
      const sizes = shares.map((share) => share.reduce((sum, { count }) => sum + count, 0));
      expect(sizes).toEqual(total < 65536 ? [total] : Array(Math.floor(total / 65536)).fill(65536));
      const pieces = shares.flat();
      for (const [at, { start, count }] of pieces.entries()) {
        const next = pieces[at + 1];
        if (next) expect(next.start).toBeGreaterThanOrEqual(start + count);
        expect(reserved.some((one) => one.start <= start && start + count <= one.start + one.count)).toBe(true);
      }
    }),
  );
});
