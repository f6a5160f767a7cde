import { expect, test } from '@jest/globals';
import { parseStats, statFiles } from '../src/index.ts';

// In the format of kernel 6.18.
const TEXTS = new Map([
  ['/box/cpu.stat', 'usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\nnice_usec 0\nnr_periods 0\n'],
  ['/box/memory.current', '1589248\n'],
  ['/box/memory.peak', '67108864\n'],
  ['/box/pids.current', '3\n'],
  ['/box/pids.events', 'max 17\n'],
  ['/box/memory.events', 'low 0\nhigh 0\nmax 41\noom 3\noom_kill 2\noom_group_kill 0\n'],
]);

test('the files of the plan are the ones the parser reads', () => {
  expect(statFiles('/box')).toEqual([...TEXTS.keys()]);
});

test('all numbers', () => {
  expect(parseStats('/box', TEXTS)).toEqual({
    cpuUsec: 1_234_567n,
    memoryBytes: 1_589_248n,
    memoryPeakBytes: 67_108_864n,
    pids: 3n,
    pidsMaxHits: 17n,
    oomKills: 2n,
  });
});

test('a kernel without memory.peak leaves out the peak only', () => {
  const texts = new Map(TEXTS);
  texts.delete('/box/memory.peak');
  expect(parseStats('/box', texts)).toMatchObject({ memoryBytes: 1_589_248n, memoryPeakBytes: undefined });
});

test('killed processes are counted, not the times memory ran out', () => {
  const texts = new Map([['/box/memory.events', 'oom 5\noom_kill 1\n']]);
  expect(parseStats('/box', texts).oomKills).toBe(1n);
});

test.each([
  ['files that were not read', '/box', new Map<string, string>()],
  ['empty texts', '/box', new Map([...TEXTS.keys()].map((path) => [path, '']))],
  ['texts of another group', '/box/below', TEXTS],
])('%s are undefined, not zero', (_, directory, texts) => {
  expect(Object.values(parseStats(directory, texts))).toEqual(Array(6).fill(undefined));
});
