import { CLONE, flags, MS, output, REPORT, resultOf } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

describe('flags', () => {
  test('keep value and names', () => {
    expect(flags(MS, 'MS_NOSUID', 'MS_NODEV')).toEqual({ kind: 'flags', value: 6, text: 'MS_NOSUID|MS_NODEV' });
  });

  test('without a name are zero', () => {
    expect(flags(MS)).toEqual({ kind: 'flags', value: 0, text: '0' });
  });

  test('named twice count once', () => {
    expect(flags(MS, 'MS_REC', 'MS_REC').value).toBe(0x4000);
  });

  test('with bit 31 are positive', () => {
    expect(flags({ TOP: 0x80000000, LOW: 1 }, 'TOP', 'LOW').value).toBe(0x80000001);
  });

  test('beyond 32 bits are a bigint, whatever the order', () => {
    expect(flags(CLONE, 'CLONE_NEWPID', 'CLONE_INTO_CGROUP').value).toBe(0x220000000n);
    expect(flags(CLONE, 'CLONE_INTO_CGROUP', 'CLONE_NEWPID').value).toBe(0x220000000n);
  });

  test('of any choice are the or of their bits', () => {
    const names = Object.keys(MS) as (keyof typeof MS)[];
    fc.assert(
      fc.property(fc.subarray(names), (chosen) => {
        expect(flags(MS, ...chosen).value).toBe(chosen.reduce((bits, name) => bits | MS[name], 0));
      }),
    );
  });
});

test('results, outputs and the report are plain data, so that a step can be printed and compared', () => {
  expect(JSON.stringify([resultOf('x'), output('y', 8), REPORT])).toBe(
    '[{"kind":"result","of":"x"},{"kind":"output","name":"y","length":8},{"kind":"report"}]',
  );
});
