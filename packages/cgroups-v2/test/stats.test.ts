import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseStats, statFiles } from '../src/index.ts';

// Recorded: Debian's kernel 6.1, a group with half a processor that wrote 20 MB to a disk and read 8 of them back.
const RECORDED = textsOf(new URL('fixtures/debian-6.1.txt', import.meta.url));

/** What a container's end is told by. */
const END = new Map([
  ['/box/cpu.stat', 'usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\nnice_usec 0\n'],
  ['/box/memory.peak', '67108864\n'],
  ['/box/pids.events', 'max 17\n'],
  ['/box/memory.events', 'low 0\nhigh 7\nmax 41\noom 3\noom_kill 2\noom_group_kill 0\n'],
]);

test('the files that tell how a group ended are four, and the parser reads them', () => {
  expect(statFiles('/box')).toEqual([...END.keys()]);
  expect(parseStats('/box', END)).toEqual({
    cpu: { usageNanoseconds: 1_234_567_000n, userNanoseconds: 1_000_000_000n, systemNanoseconds: 234_567_000n },
    memory: { peakBytes: 67_108_864n, oomKills: 2n, limitHits: 41n, highHits: 7n },
    pids: { limitHits: 17n },
  });
});

const IO = {
  readBytes: 8_392_704n,
  writtenBytes: 20_000_768n,
  discardedBytes: 0n,
  readOperations: 9n,
  writeOperations: 4884n,
  discardOperations: 0n,
};
const NO_STALL = { avg10Percent: 0, avg60Percent: 0, avg300Percent: 0, totalNanoseconds: 0n };

test('all numbers of a recorded group', () => {
  expect(parseStats('/box', RECORDED)).toEqual({
    cpu: {
      usageNanoseconds: 14_029_185_000n,
      userNanoseconds: 4_635_132_000n,
      systemNanoseconds: 9_394_052_000n,
      periods: 303n,
      throttledPeriods: 243n,
      throttledNanoseconds: 22_046_249_000n,
      burstPeriods: 0n,
      burstNanoseconds: 0n,
    },
    memory: {
      currentBytes: 663_552n,
      workingSetBytes: 577_536n,
      peakBytes: 1_912_832n,
      limitBytes: 67_108_864n,
      swapBytes: 0n,
      anonymousBytes: 0n,
      fileBytes: 180_224n,
      kernelBytes: 16_384n,
      oomKills: 0n,
      limitHits: 0n,
      highHits: 0n,
    },
    pids: { current: 0n, limit: 'max', peak: 3n, limitHits: 0n },
    io: { ...IO, devices: { '254:0': IO } },
    hugetlb: { '1GB': { currentBytes: 0n, limitHits: 0n }, '2MB': { currentBytes: 0n, limitHits: 0n } },
    rdma: {},
    misc: {},
    pressure: {
      cpu: {
        some: { avg10Percent: 26.9, avg60Percent: 15.81, avg300Percent: 4.18, totalNanoseconds: 13_445_570_000n },
        full: { avg10Percent: 26.82, avg60Percent: 15.76, avg300Percent: 4.16, totalNanoseconds: 13_393_618_000n },
      },
      memory: { some: NO_STALL, full: NO_STALL },
      io: {
        some: { avg10Percent: 0.04, avg60Percent: 0.09, avg300Percent: 0.02, totalNanoseconds: 105_261_000n },
        full: { avg10Percent: 0.04, avg60Percent: 0.09, avg300Percent: 0.02, totalNanoseconds: 105_261_000n },
      },
    },
  });
});

test('only the files of what is wanted are read, each once', () => {
  expect(statFiles('/box', ['memory.workingSetBytes', 'memory.currentBytes', 'pids.limit', 'pressure.io'])).toEqual([
    '/box/memory.current',
    '/box/memory.stat',
    '/box/pids.max',
    '/box/io.pressure',
  ]);
});

test('everything there is to read covers the recording', () => {
  const recorded = [...RECORDED.keys()].filter((path) => !/hugetlb|events\.local/.test(path));
  expect(statFiles('/box', 'all')).toEqual(expect.arrayContaining(recorded));
});

test('a kernel without memory.peak leaves out the peak only', () => {
  const texts = new Map(RECORDED);
  texts.delete('/box/memory.peak');
  const { memory } = parseStats('/box', texts);
  expect(memory).not.toHaveProperty('peakBytes');
  expect(memory).toMatchObject({ currentBytes: 663_552n });
});

test('what misc counts has its peak and how often it met its limit, where the kernel tells', () => {
  const texts = new Map([['/box/misc.current', 'sev 3\nsev_es 0\n']]);
  expect(parseStats('/box', texts).misc).toEqual({ sev: { current: 3n }, sev_es: { current: 0n } });
  texts.set('/box/misc.peak', 'sev 4\nsev_es 2\n').set('/box/misc.events', 'sev.max 1\nsev_es.max 0\n');
  expect(parseStats('/box', texts).misc).toEqual({
    sev: { current: 3n, peak: 4n, limitHits: 1n },
    sev_es: { current: 0n, peak: 2n, limitHits: 0n },
  });
});

test('killed processes are counted, not the times memory ran out', () => {
  const texts = new Map([['/box/memory.events', 'oom 5\noom_kill 1\n']]);
  expect(parseStats('/box', texts).memory).toEqual({ oomKills: 1n });
});

test.each([
  ['several devices', '254:0 rbytes=1 wbytes=2\n8:16 rbytes=3 wbytes=4\n', { '254:0': [1n, 2n], '8:16': [3n, 4n] }],
  [
    'idle devices on the line of another, as before Linux 5.18',
    '7:0 7:1 254:0 rbytes=1 wbytes=2\n',
    { '254:0': [1n, 2n] },
  ],
  ['a device without numbers', '254:0\n8:0 rbytes=3 wbytes=0\n', { '254:0': [0n, 0n], '8:0': [3n, 0n] }],
  ['keys that are not known', '254:0 rbytes=1 wbytes=2 cost.usage=7 use_delay=0\n', { '254:0': [1n, 2n] }],
  ['a line that was cut off', '254:0 rbytes=1 wbytes=2\n8:16 rbytes=30', { '254:0': [1n, 2n] }],
  ['nothing done yet', '', {}],
])('io of %s', (_, text, devices) => {
  const { io } = parseStats('/box', new Map([['/box/io.stat', text]]));
  const seen = Object.entries(io?.devices ?? {}).map(([name, of]) => [name, [of.readBytes, of.writtenBytes]]);
  expect(Object.fromEntries(seen)).toEqual(devices);
  const sums = Object.values(devices).reduce(([a = 0n, b = 0n], [read = 0n, written = 0n]) => [a + read, b + written], [
    0n,
    0n,
  ] as const);
  expect([io?.readBytes, io?.writtenBytes]).toEqual(sums);
});

test.each([
  ['files that were not read', '/box', new Map<string, string>()],
  ['empty texts', '/box', new Map([...END.keys()].map((path) => [path, '']))],
  ['texts of another group', '/box/below', END],
  ['texts that are something else', '/box', new Map([...END.keys()].map((path) => [path, 'lots\nof words\n']))],
])('%s give no part, not zero', (_, directory, texts) => {
  expect(parseStats(directory, texts)).toEqual({});
});

test('whatever the files are cut off to, what is counted by key is the right number or none', () => {
  const whole = new Map(numbersOf(parseStats('/box', RECORDED)));
  const keyed = ['cpu.stat', 'memory.stat', 'memory.events', 'pids.events', 'io.stat', 'cpu.pressure'];
  fc.assert(
    fc.property(fc.constantFrom(...keyed), fc.nat(2000), (file, length) => {
      const path = `/box/${file}`;
      const cut = new Map([...RECORDED, [path, (RECORDED.get(path) ?? '').slice(0, length)]]);
      // Nothing was counted by a device whose line was cut off: as a sum, that is zero.
      for (const [name, value] of numbersOf(parseStats('/box', cut)))
        if (value !== 0n) expect(value).toBe(whole.get(name));
    }),
  );
});

test('unknown keys in between change nothing', () => {
  const key = fc.stringMatching(/^[a-z]{1,8}_new$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.nat())), (added) => {
      const lines = added.map(([name, value]) => `${name} ${value}\n`).join('');
      const texts = new Map(
        [...RECORDED].map(([path, text]) => [
          path,
          /stat$|events$/.test(path) && !/io/.test(path) ? lines + text : text,
        ]),
      );
      expect(parseStats('/box', texts)).toEqual(parseStats('/box', RECORDED));
    }),
  );
});

/** Every number with its path in the object. */
function numbersOf(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, one]) => numbersOf(one, `${path}.${key}`));
}

/** Sections `== file` of a recording. */
function textsOf(url: URL): Map<string, string> {
  const sections = readFileSync(url, 'utf8').split(/^== /m).slice(1);
  return new Map(
    sections.map((section) => {
      const [file = ''] = section.split('\n');
      return [`/box/${file}`, section.slice(file.length + 1)];
    }),
  );
}
