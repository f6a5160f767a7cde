import { existsSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGENT_BUFFER, encode, libc, MESSAGE_LIMIT, mkdirat, output, resultOf, step } from '@coracle/syscalls';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { feedAgent, type RawEnd } from './raw-agent.ts';
import { CALL_LENGTH, checksumOf, forge, HEADER, HEADER_LENGTH } from './wire.ts';

const MINUTE = 60_000;
const directory = mkdtempSync(join(tmpdir(), 'coracle-fuzz-'));
const sentinel = join(directory, 'sentinel');
afterAll(() => rmSync(directory, { recursive: true }));

/** Of a broken message this must never be made, the first call least of all. */
const sound = encode(
  {
    steps: [
      mkdirat({ path: sentinel }, 'be seen'),
      step('getpid', [], { why: 'have a result', result: 'pid' }),
      step('kill', [resultOf('pid'), 0], 'use a result'),
      step('uname', [output('names', 390)], 'have an output'),
      mkdirat({ path: sentinel }, { why: 'be seen in any case', tolerate: ['EEXIST'] }),
    ],
    finally: [mkdirat({ path: sentinel }, 'be seen at the end')],
  },
  { base: AGENT_BUFFER, arch: libc().arch },
).bytes;

function expectNothingRun(bytes: Uint8Array, status: readonly number[]): void {
  const end = feedAgent(bytes);
  expect(end).toEqual({ status: expect.any(Number), signal: undefined, reply: Buffer.alloc(0) });
  expect(status).toContain(end.status);
  expect(existsSync(sentinel)).toBe(false);
}

/** Thousands where the machine is quick, fewer where it is slow; the seed of a failure is in its message. */
const many = { numRuns: 1500, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false };

test('the sound message is run: the sentinel works', () => {
  const end: RawEnd = feedAgent(sound);
  expect(end).toMatchObject({ status: 0, signal: undefined });
  expect(end.reply.length).toBe(6 * 8 + 392);
  rmdirSync(sentinel);
});

test('nothing at all ends the agent well', () => {
  expectNothingRun(new Uint8Array(), [0]);
});

test(
  'of a message with any bits flipped nothing is run',
  () => {
    const flip = fc.record({ at: fc.nat(sound.length - 1), bits: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(fc.uniqueArray(flip, { selector: ({ at }) => at, minLength: 1, maxLength: 6 }), (flips) => {
        const bytes = sound.slice();
        for (const { at, bits } of flips) bytes[at] = (bytes[at] ?? 0) ^ bits;
        expectNothingRun(bytes, [0, 1]);
      }),
      many,
    );
  },
  MINUTE,
);

test(
  'of a message that ends early nothing is run',
  () => {
    fc.assert(
      fc.property(fc.nat(sound.length - 1), (length) => {
        expectNothingRun(sound.subarray(0, length), [0]);
      }),
      { ...many, numRuns: 300 },
    );
  },
  MINUTE,
);

test(
  'of random bytes, with a good beginning or without, nothing is run',
  () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(HEADER_LENGTH), (noise, good) => {
        const bytes = noise.slice();
        bytes.set(sound.subarray(0, Math.min(good, bytes.length)));
        // The first bytes of a sound message alone are one that ends early.
        expectNothingRun(bytes, [0, 1]);
      }),
      { ...many, numRuns: 500 },
    );
  },
  MINUTE,
);

test(
  'of pieces of sound messages in any order nothing is run',
  () => {
    const piece = fc.tuple(fc.nat(sound.length / 8 - 1), fc.nat(12)).map(([from, length]) => {
      return sound.subarray(from * 8, (from + length) * 8);
    });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 2, maxLength: 40 }), (pieces) => {
        const bytes = Buffer.concat([sound.subarray(0, HEADER_LENGTH), ...pieces]);
        fc.pre(!bytes.subarray(0, sound.length).equals(sound));
        expectNothingRun(bytes, [0, 1]);
      }),
      { ...many, numRuns: 300 },
    );
  },
  MINUTE,
);

describe('with a checksum that is right, nothing is run of a message', () => {
  beforeEach(() => expect(existsSync(sentinel)).toBe(false));

  const word =
    (field: keyof typeof HEADER, value: number) =>
    (view: DataView): void =>
      view.setUint32(HEADER[field], value, true);
  const call = (index: number, offset: number): number => HEADER_LENGTH + index * CALL_LENGTH + offset;
  const lengths = new DataView(sound.buffer);
  const report = lengths.getUint32(HEADER.report, true);

  test.each<[string, (view: DataView) => void]>([
    ['of another kind', word('magic', 0x4c435244)],
    ['shorter than its header', word('length', 24)],
    ['of no length', word('length', 0)],
    ['of broken words', word('length', sound.length - 4)],
    ['over the limit', word('length', MESSAGE_LIMIT + 8)],
    ['of almost 4 GiB', word('length', 0xfffffff8)],
    ['with one call too many', word('count', 7)],
    ['with calls far beyond its end', word('count', 0xffffffff)],
    ['with calls whose length overflows 32 bits', word('count', 0x04924925)],
    ['whose report lies over the calls', word('report', report - 8)],
    ['whose report lies over the header', word('report', 0)],
    ['whose report is not aligned', word('report', report + 4)],
    ['whose report begins at its end', word('report', sound.length)],
    ['whose report begins far beyond', word('report', 0xfffffff8)],
    ['whose report has no room for the results', word('reportLength', 40)],
    ['whose report has no length', word('reportLength', 0)],
    ['whose report ends beyond it', word('reportLength', sound.length - report + 1)],
    ['whose report’s end overflows 32 bits', word('reportLength', 0xffffffff - report + 2)],
    ['that uses a result of the same call', (view) => view.setBigUint64(call(2, 8), 2n, true)],
    ['that uses a result of a later call', (view) => view.setBigUint64(call(2, 8), 5n, true)],
    ['that uses a result far beyond', (view) => view.setBigUint64(call(2, 8), 2n ** 61n, true)],
    ['that uses a result before the first', (view) => view.setBigInt64(call(2, 8), -1n, true)],
    ['that refers in its first call', (view) => view.setUint8(call(0, 2), 1)],
    ['that refers in a seventh argument', (view) => view.setUint8(call(2, 2), 0x41)],
    ['that refers in an eighth argument', (view) => view.setUint8(call(2, 2), 0x81)],
    ['that refers in the last call', (view) => view.setUint8(call(5, 2), 0x2)],
  ])('%s', (_, change) => {
    expectNothingRun(forge(sound, change), [1]);
  });

  test(
    'whose report is anywhere but inside it',
    () => {
      const outside = fc
        .record({
          report: fc.integer({ min: 0, max: 0xffffffff }),
          reportLength: fc.integer({ min: 0, max: 0xffffffff }),
        })
        .filter(
          (place) =>
            place.report % 8 !== 0 ||
            place.report < report ||
            place.report + place.reportLength > sound.length ||
            place.reportLength < 48,
        );
      fc.assert(
        fc.property(outside, (place) => {
          const bytes = forge(sound, (view) => {
            word('report', place.report)(view);
            word('reportLength', place.reportLength)(view);
          });
          expectNothingRun(bytes, [1]);
        }),
        { ...many, numRuns: 400 },
      );
    },
    MINUTE,
  );
});

test('a place for the cleanup beyond the calls is harmless: there is none', () => {
  const end = feedAgent(forge(sound, (view) => view.setUint32(HEADER.cleanup, 0xffffffff, true)));
  expect(end).toMatchObject({ status: 0, signal: undefined });
  rmdirSync(sentinel);
});

test('a second message behind a sound one is judged anew', () => {
  const broken = sound.slice();
  broken[sound.length - 1] = 0x7f;
  const end = feedAgent(Buffer.concat([sound, broken]));
  expect(end).toMatchObject({ status: 1, signal: undefined });
  expect(end.reply.length).toBe(6 * 8 + 392);
  rmdirSync(sentinel);
});

test('the checksum tells any change of one word', () => {
  const change = fc.record({ at: fc.nat(sound.length / 4 - 3), bits: fc.integer({ min: 1, max: 0xffffffff }) });
  fc.assert(
    fc.property(change, ({ at, bits }) => {
      const bytes = sound.slice();
      const view = new DataView(bytes.buffer);
      view.setUint32(8 + at * 4, view.getUint32(8 + at * 4, true) ^ bits, true);
      expect(checksumOf(bytes)).not.toBe(checksumOf(sound));
    }),
  );
});
