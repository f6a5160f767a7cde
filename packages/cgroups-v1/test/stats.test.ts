import { expect, test } from '@jest/globals';
import { type Place, parseStats, statFiles } from '../src/index.ts';

const place: Place = { pids: '/pids/box', memory: '/memory/box', cpuacct: '/cpuacct/box', freezer: '/freezer/box' };

// In the format of kernel 6.18.
const TEXTS = new Map([
  ['/cpuacct/box/cpuacct.usage', '1234567890\n'],
  ['/memory/box/memory.usage_in_bytes', '1589248\n'],
  ['/memory/box/memory.max_usage_in_bytes', '67108864\n'],
  ['/pids/box/pids.current', '3\n'],
  ['/pids/box/pids.events', 'max 17\n'],
  ['/memory/box/memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n'],
]);

test('the files of the plan are the ones the parser reads', () => {
  expect(statFiles(place)).toEqual([...TEXTS.keys()]);
});

test('all numbers, the processor time in microseconds', () => {
  expect(parseStats(place, TEXTS)).toEqual({
    cpuUsec: 1_234_567n,
    memoryBytes: 1_589_248n,
    memoryPeakBytes: 67_108_864n,
    pids: 3n,
    pidsMaxHits: 17n,
    oomKills: 2n,
  });
});

test('counts of events are not the first number of their file', () => {
  const texts = new Map([['/memory/box/memory.oom_control', 'oom_kill_disable 1\nunder_oom 1\n']]);
  expect(parseStats(place, texts).oomKills).toBeUndefined();
});

test.each([
  ['a file that was not read', new Map<string, string>(), place],
  ['an empty text', new Map([...TEXTS.keys()].map((path) => [path, ''])), place],
  ['a controller that is not mounted', TEXTS, {}],
])('%s is undefined, not zero', (_, texts, where) => {
  expect(Object.values(parseStats(where, texts))).toEqual(Array(6).fill(undefined));
});

test('a text under the empty path is nobody’s', () => {
  expect(parseStats({}, new Map([['', '5\n']])).pids).toBeUndefined();
});
