import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatRdma, parseRdma } from '../src/index.ts';

test('nothing is written for a device of which nothing is asked', () => {
  expect(formatRdma({ mlx5_0: {}, mlx5_1: { handles: 2 } })).toEqual([
    { device: 'mlx5_1', line: 'mlx5_1 hca_handle=2' },
  ]);
});

test('what is written is read again', () => {
  const limits = fc.record({ handles: fc.nat(2 ** 31 - 1), objects: fc.nat(2 ** 31 - 1) });
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z0-9_]{1,8}$/), limits), (all) => {
      const text = formatRdma(all).map(({ line }) => `${line}\n`);
      const read = parseRdma(text.join(''));
      expect(Object.keys(read).sort()).toEqual(Object.keys(all).sort());
      for (const [device, { handles, objects }] of Object.entries(all))
        expect(read[device]).toEqual({ hcaHandles: BigInt(handles), hcaObjects: BigInt(objects) });
    }),
  );
});
