import { renderStep } from '@coracle/syscalls';
import { ioprioSet, personality, schedSetaffinity, schedSetattr, setMempolicy } from '@coracle/syscalls/settings';
import { expect, test } from '@jest/globals';

const bytesOf = (arg: unknown): number[] =>
  typeof arg === 'object' && arg !== null && 'bytes' in arg && arg.bytes instanceof Uint8Array ? [...arg.bytes] : [];

test('struct sched_attr has its fields where the kernel reads them', () => {
  const { args } = schedSetattr(
    { policy: 'SCHED_DEADLINE', flags: 2, nice: -5, priority: 3, runtime: 1, deadline: 2n, period: 2 ** 32 },
    'test',
  );
  const view = new DataView(Uint8Array.from(bytesOf(args[1])).buffer);
  expect([args[0], args[2]]).toEqual([0, 0]);
  expect([view.getUint32(0, true), view.getUint32(4, true), view.getBigUint64(8, true)]).toEqual([48, 6, 2n]);
  expect([view.getInt32(16, true), view.getUint32(20, true)]).toEqual([-5, 3]);
  expect([24, 32, 40].map((at) => view.getBigUint64(at, true))).toEqual([1n, 2n, 1n << 32n]);
});

test('sets of processors are bits in whole words', () => {
  const { args } = schedSetaffinity([0, 9, 64], 'test');
  expect(args[1]).toBe(16);
  expect(bytesOf(args[2])).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
});

test('the policy of memory is told one bit more than it has', () => {
  const { args } = setMempolicy({ mode: 'MPOL_BIND', nodes: [1], flags: ['MPOL_F_STATIC_NODES'] }, 'test');
  expect(args).toMatchObject([{ value: 0x8002, text: 'MPOL_BIND|MPOL_F_STATIC_NODES' }, { text: '{1}' }, 65]);
  expect(setMempolicy({ mode: 'MPOL_LOCAL' }, 'test').args).toMatchObject([{ value: 4 }, null, 0]);
});

test('classes and domains are shown by name', () => {
  expect(ioprioSet({ class: 'IOPRIO_CLASS_IDLE', priority: 7 }, 'test').args[2]).toMatchObject({ value: 0x6007 });
  expect(renderStep(personality('PER_LINUX32', 'test'))).toContain('PER_LINUX32');
});
