import { expect, test } from '@jest/globals';
import { idNotOwned } from '../../src/ids/own-user-namespace.ts';

const wanted = (hostId: number, size: number): Parameters<typeof idNotOwned>[0] => {
  const maps = [{ containerId: 0, hostId, size }];
  return { uids: maps, gids: maps };
};
const all = '         0          0 4294967295\n';
const rootless = '0 1000 1\n1 100000 65536\n';

test.each([
  ['the first namespace has every id', wanted(1879048192, 65536), all, all, undefined],
  ['a rootless container has none so high', wanted(1879048192, 65536), rootless, rootless, 1879048192],
  ['a range may begin among its ids and end beyond', wanted(1, 65537), rootless, rootless, 65537],
  ['a range may lie among its ids', wanted(1, 65536), rootless, rootless, undefined],
  ['groups count too', wanted(5, 10), all, '0 1000 8\n', 14],
  ['without a /proc nobody can tell', wanted(1879048192, 65536), '', '', undefined],
] as const)('%s', (_, maps, uidMap, gidMap, missing) => {
  expect(idNotOwned(maps, { uidMap, gidMap })).toBe(missing);
});
