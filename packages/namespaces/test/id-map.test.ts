import { isErrno } from '@coracle/errors';
import { checkIdMap, formatIdMap, type IdMapping, MAX_MAP_LINES, parseIdMap } from '@coracle/namespaces';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

const map = (...lines: [number, number, number][]): IdMapping[] =>
  lines.map(([containerId, hostId, size]) => ({ containerId, hostId, size }));

function refusal(mappings: IdMapping[]): string {
  try {
    checkIdMap(mappings);
  } catch (error) {
    if (isErrno(error, 'EINVAL')) return String(error);
    throw error;
  }
  return 'accepted';
}

/** Maps the kernel takes: ranges one behind the other on both sides, with gaps, in any order. */
const validMap = fc
  .array(fc.record({ size: fc.integer({ min: 1, max: 70000 }), gap: fc.nat(1000), hostGap: fc.nat(100000) }), {
    minLength: 1,
    maxLength: 12,
  })
  .chain((pieces) => {
    let [container, host] = [0, 0];
    const mappings = pieces.map(({ size, gap, hostGap }) => {
      const mapping = { containerId: container + gap, hostId: host + hostGap, size };
      container = mapping.containerId + size;
      host = mapping.hostId + size;
      return mapping;
    });
    return fc.shuffledSubarray(mappings, { minLength: 1 });
  });

describe('the text of an id map', () => {
  test('has a line for each mapping', () => {
    expect(formatIdMap(map([0, 1000, 1], [1, 100000, 65536]))).toBe('0 1000 1\n1 100000 65536\n');
  });

  test('as the kernel prints it, in columns, is read', () => {
    expect(parseIdMap('         0       1000          1\n         1     100000      65536\n')).toEqual(
      map([0, 1000, 1], [1, 100000, 65536]),
    );
  });

  test('of the first user namespace is read', () => {
    expect(parseIdMap('         0          0 4294967295\n')).toEqual(map([0, 0, 4294967295]));
  });

  test('of a namespace without a map is empty', () => {
    expect(parseIdMap('')).toEqual([]);
  });

  test.each(['0 1000', '0 1000 x', 'root 0 1', '0 1000 1 1', '-1 0 1'])('%j is refused', (line) => {
    expect(() => parseIdMap(line)).toThrow(/is not a line of an id map/);
  });

  test('is read back as it was written', () => {
    fc.assert(
      fc.property(validMap, (mappings) => {
        expect(parseIdMap(formatIdMap(mappings))).toEqual(mappings);
      }),
    );
  });
});

describe('a map', () => {
  test('of all ids there are is accepted', () => {
    expect(refusal(map([0, 0, 4294967295]))).toBe('accepted');
  });

  test('whose ranges touch is accepted, in any order', () => {
    expect(refusal(map([10, 110, 10], [0, 100, 10]))).toBe('accepted');
  });

  const ids = (count: number, hostFrom: number): IdMapping[] =>
    Array.from({ length: count }, (_, id) => ({ containerId: id, hostId: hostFrom + id, size: 1 }));

  test('of 340 lines is accepted, of 341 not', () => {
    expect(refusal(ids(MAX_MAP_LINES, 0))).toBe('accepted');
    expect(refusal(ids(MAX_MAP_LINES + 1, 0))).toContain('the id map has 341 lines in ');
  });

  test('of fewer lines whose text would fill a page is refused', () => {
    expect(refusal(ids(300, 1_000_000_000))).toContain('the id map has 300 lines in 4990 bytes');
  });

  test.each<[string, IdMapping[], string]>([
    ['without lines', [], 'the id map is empty'],
    ['of size 0', map([0, 1000, 0]), "'0 1000 0': the size must be at least 1"],
    ['of negative size', map([0, 1000, -1]), 'the size must be at least 1'],
    ['of half an id', map([0, 1000, 0.5]), 'the size must be at least 1'],
    ['from a negative id', map([-1, 1000, 1]), 'an id is a number from 0 to 4294967294'],
    ['to a broken id', map([0, 1.5, 1]), 'an id is a number from 0 to 4294967294'],
    ['to the id that is none', map([0, 4294967295, 1]), 'an id is a number from 0 to 4294967294'],
    ['beyond the last id', map([0, 4294967294, 2]), 'the range goes beyond the largest id, 4294967294'],
    ['with one container id twice', map([0, 1000, 2], [1, 2000, 1]), 'both map id 1 of the container'],
    ['with one host id twice', map([0, 1000, 2], [5, 1001, 1]), 'both map id 1001 of the host'],
    ['with the same line twice', map([0, 1000, 1], [0, 1000, 1]), 'both map id 0 of the container'],
  ])('%s is refused', (_, mappings, text) => {
    expect(refusal(mappings)).toContain(text);
  });

  test('that gets one more line inside its own ranges is refused', () => {
    fc.assert(
      fc.property(validMap, fc.nat(), (mappings, seed) => {
        const chosen = mappings[seed % mappings.length] ?? { containerId: 0, hostId: 0, size: 1 };
        const inside = { containerId: chosen.containerId + (seed % chosen.size), hostId: 4_000_000_000, size: 1 };
        expect(refusal([...mappings, inside])).toContain('of the container');
      }),
    );
  });
});
