import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Place, parseStats, statFiles } from '../src/index.ts';

const place: Place = { pids: '/pids/box', memory: '/memory/box', cpuacct: '/cpuacct/box', freezer: '/freezer/box' };
const wide: Place = {
  ...place,
  cpu: '/cpu/box',
  blkio: '/blkio/box',
  hugetlb: '/hugetlb/box',
  rdma: '/rdma/box',
  misc: '/misc/box',
};

// Recorded: kernel 6.18, a group that wrote 20 MB and read 8 of them back, then worked for half a second.
const RECORDED = textsOf(new URL('fixtures/kernel-6.18.txt', import.meta.url));

/** What a container's end is told by. */
const END = new Map([
  ['/cpuacct/box/cpuacct.usage', '1234567890\n'],
  ['/memory/box/memory.max_usage_in_bytes', '67108864\n'],
  ['/pids/box/pids.events', 'max 17\n'],
  ['/memory/box/memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n'],
]);

test('the files that tell how a group ended are four, and the parser reads them', () => {
  expect(statFiles(place)).toEqual([...END.keys()]);
  expect(parseStats(place, END)).toEqual({
    cpu: { usageNanoseconds: 1_234_567_890n },
    memory: { peakBytes: 67_108_864n, oomKills: 2n },
    pids: { limitHits: 17n },
  });
});

/** Traffic that the kernel also counts as synchronous, and in its total, is counted once. */
const IO = {
  readBytes: 8_388_608n,
  writtenBytes: 53_248n,
  discardedBytes: 0n,
  readOperations: 8n,
  writeOperations: 14n,
  discardOperations: 0n,
};

test('all numbers of a recorded group, with the meaning of version 2', () => {
  expect(parseStats(wide, RECORDED)).toEqual({
    cpu: {
      usageNanoseconds: 510_220_666n,
      userNanoseconds: 440_000_000n,
      systemNanoseconds: 60_000_000n,
      periods: 21n,
      throttledPeriods: 0n,
      throttledNanoseconds: 0n,
      burstPeriods: 0n,
      burstNanoseconds: 0n,
    },
    memory: {
      currentBytes: 303_104n,
      workingSetBytes: 303_104n,
      peakBytes: 22_310_912n,
      limitBytes: 67_108_864n,
      swapBytes: 0n,
      anonymousBytes: 0n,
      fileBytes: 0n,
      kernelBytes: 4096n,
      oomKills: 0n,
      limitHits: 0n,
    },
    pids: { current: 0n, limit: 'max', peak: 2n, limitHits: 0n },
    io: {
      ...IO,
      devices: { '254:0': IO },
    },
  });
});

test('every recorded file belongs to a number, and everything is read from them', () => {
  const read = statFiles(wide, 'all').filter((path) => !/hugetlb|rdma|misc/.test(path));
  expect(new Set(read)).toEqual(new Set(RECORDED.keys()));
});

test('only the files of what is wanted are read, each once', () => {
  expect(statFiles(place, ['memory.workingSetBytes', 'memory.currentBytes', 'pids.limit', 'io', 'pressure'])).toEqual([
    '/memory/box/memory.usage_in_bytes',
    '/memory/box/memory.stat',
    '/pids/box/pids.max',
  ]);
});

test('the largest limit of the kernel is none', () => {
  const texts = new Map([['/memory/box/memory.limit_in_bytes', '9223372036854771712\n']]);
  expect(parseStats(place, texts)).toEqual({ memory: { limitBytes: 'max' } });
});

test('a working set is never below zero, although its two files are not read at once', () => {
  const texts = new Map([
    ['/memory/box/memory.usage_in_bytes', '4096\n'],
    ['/memory/box/memory.stat', 'inactive_file 1\ntotal_inactive_file 8192\n'],
  ]);
  expect(parseStats(place, texts).memory?.workingSetBytes).toBe(0n);
});

test('huge pages by size, RDMA by device, misc by resource', () => {
  const texts = new Map([
    ['/hugetlb/box/hugetlb.2MB.usage_in_bytes', '4194304\n'],
    ['/hugetlb/box/hugetlb.2MB.max_usage_in_bytes', '8388608\n'],
    ['/hugetlb/box/hugetlb.2MB.failcnt', '3\n'],
    ['/rdma/box/rdma.current', 'mlx4_0 hca_handle=2 hca_object=2000\nocrdma1 hca_handle=3 hca_object=max\n'],
    ['/misc/box/misc.current', 'sev 3\nsev_es 0\n'],
    ['/misc/box/misc.events', 'sev.max 1\nsev_es.max 0\n'],
  ]);
  expect(parseStats(wide, texts)).toEqual({
    hugetlb: { '2MB': { currentBytes: 4_194_304n, peakBytes: 8_388_608n, limitHits: 3n } },
    rdma: { mlx4_0: { hcaHandles: 2n, hcaObjects: 2000n }, ocrdma1: { hcaHandles: 3n } },
    misc: { sev: { current: 3n, limitHits: 1n }, sev_es: { current: 0n, limitHits: 0n } },
  });
});

test('counts of events are not the first number of their file', () => {
  const texts = new Map([['/memory/box/memory.oom_control', 'oom_kill_disable 1\nunder_oom 1\n']]);
  expect(parseStats(place, texts)).toEqual({});
});

test.each([
  ['files that were not read', new Map<string, string>(), place],
  ['empty texts', new Map([...END.keys()].map((path) => [path, ''])), place],
  ['controllers that are not mounted', END, {}],
])('%s give no part, not zero', (_, texts, where) => {
  expect(parseStats(where, texts)).toEqual({});
});

test('a text under the empty path is nobody’s', () => {
  expect(parseStats({}, new Map([['', '5\n']]))).toEqual({});
});

test('whatever a file is cut off to, a number is the right one or none', () => {
  const whole = parseStats(wide, RECORDED).memory;
  const path = '/memory/box/memory.stat';
  const text = RECORDED.get(path) ?? '';
  fc.assert(
    fc.property(fc.nat(text.length), (length) => {
      const { memory = {} } = parseStats(wide, new Map([...RECORDED, [path, text.slice(0, length)]]));
      for (const [field, value] of Object.entries(memory))
        expect({ [field]: value }).toEqual({ [field]: { ...whole }[field] });
    }),
  );
});

/** Sections `== file` of a recording, as if they lay in the directories of {@link wide}. */
function textsOf(url: URL): Map<string, string> {
  const sections = readFileSync(url, 'utf8').split(/^== /m).slice(1);
  return new Map(
    sections.map((section) => {
      const [file = ''] = section.split('\n');
      return [`/${file.split('.')[0]}/box/${file}`, section.slice(file.length + 1)];
    }),
  );
}
