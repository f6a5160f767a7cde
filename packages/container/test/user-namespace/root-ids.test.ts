import { expect, test } from '@jest/globals';
import { idsOfRoot } from '../../src/root-ids.ts';

const first = (subuid: string, subgid = ''): (number | undefined)[] => {
  const { uids, gids } = idsOfRoot({ subuid, subgid });
  return [uids[0]?.hostId, gids[0]?.hostId];
};

test("root's containers have the ids reserved for coracle, else those of root, else ones that nobody was granted", () => {
  const root = 'root:500000:10\n0:510000:10\n';
  expect(first(`${root}coracle:700000:10\n`, root)).toEqual([700000, 500000]);
  expect(first(root)).toEqual([500000, 0x7000_0000]);
  expect(first('alice:100000:65536\n')).toEqual([0x7000_0000, 0x7000_0000]);
});

test('what is granted in one of the files is left alone in both', () => {
  expect(first('', `alice:${0x7000_0000}:1\n`)).toEqual([0x7001_0000, 0x7001_0000]);
});
