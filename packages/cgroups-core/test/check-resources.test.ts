import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkResources, type Resources } from '../src/index.ts';

describe('resources that can be meant come out in exact numbers', () => {
  test.each<[string, Resources, object]>([
    ['nothing', {}, {}],
    [
      'what is undefined is absent',
      { pids: undefined, memory: { max: undefined } } as unknown as Resources,
      { memory: {} },
    ],
    ['pids', { pids: 0 }, { pids: 0 }],
    ['a size alone', { memory: '256m' }, { memory: { max: 256n << 20n } }],
    ['a bigint alone', { memory: 2n ** 63n - 1n }, { memory: { max: 2n ** 63n - 1n } }],
    ['no limit', { memory: 'max' }, { memory: { max: 'max' } }],
    ['cpus', { cpus: 0.5 }, { cpu: { quotaUsec: 50_000, periodUsec: 100_000 } }],
    [
      'cpus beside shares',
      { cpus: 'max', cpu: { shares: 2 } },
      { cpu: { quotaUsec: 'max', periodUsec: 100_000, shares: 2 } },
    ],
    ['a list in the kernel’s spelling', { cpuset: { cpus: ' 3, 0-1,1' } }, { cpuset: { cpus: '0-1,3' } }],
    ['huge pages', { hugetlb: { '2MB': '4m' } }, { hugetlb: { '2MB': { max: 4n << 20n } } }],
    [
      'counts',
      { misc: { sev: 3 }, rdma: { mlx5_0: { handles: 'max' } } },
      { misc: { sev: 3n }, rdma: { mlx5_0: { handles: 'max' } } },
    ],
    [
      'rates',
      { io: { devices: { '8:0': { readBytesPerSec: '1.5m' } } } },
      { io: { devices: { '8:0': { readBytesPerSec: 1_572_864n } } } },
    ],
  ])('%s', (_, resources, checked) => {
    expect(checkResources(resources)).toEqual(checked);
  });

  test('checking twice changes nothing', () => {
    const once = checkResources({
      memory: { max: '1g', swapMax: 0 },
      cpus: 1.5,
      hugetlb: { '1GB': 'max' },
      cpuset: { mems: '0' },
    });
    expect(checkResources(once)).toEqual(once);
  });

  test('every size from 0 to the largest is taken, as bigint and as text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (bytes) => {
        expect(checkResources({ memory: { max: bytes, low: String(bytes) } })).toEqual({
          memory: { max: bytes, low: bytes },
        });
      }),
    );
  });
});

describe('what cannot be meant is refused, with the field, the value and what is allowed', () => {
  test.each<[path: string, resources: unknown, hint: string]>([
    ['pids', { pids: -1 }, 'a whole number from 0 on'],
    ['pids', { pids: '20' }, 'a whole number from 0 on'],
    ['memory', { memory: 'lots' }, "'256m'"],
    ['memory', { memory: 1.5 }, "'256m'"],
    ['memory', { memory: -1 }, 'from 0 on'],
    ['memory.max', { memory: { max: 2n ** 63n } }, "'max'"],
    ['memory.swapMax', { memory: { swapMax: '-1' } }, "'max'"],
    ['memory.swappiness', { memory: { swappiness: 201 } }, 'from 0 to 200'],
    ['memory.oomGroup', { memory: { oomGroup: 'false' } }, 'true or false'],
    ['memory.maxWithSwap', { memory: { max: '2m', maxWithSwap: '1m' } }, 'at least as much as memory.max'],
    ['memory.maxWithSwap', { memory: { max: 'max', maxWithSwap: '1m' } }, 'at least as much as memory.max'],
    ['memory.swapMax', { memory: { swapMax: 1, maxWithSwap: 2 } }, 'one of the two'],
    ['cpus', { cpus: 0 }, 'from 0.01 on'],
    ['cpus', { cpus: '1' }, 'from 0.01 on'],
    ['cpus', { cpus: 1, cpu: { periodUsec: 1000 } }, 'either cpus or'],
    ['cpu.quotaUsec', { cpu: { quotaUsec: 999 } }, 'from 1000 to'],
    ['cpu.quotaUsec', { cpu: { quotaUsec: -1 } }, 'from 1000 to'],
    ['cpu.periodUsec', { cpu: { periodUsec: 1_000_001 } }, 'from 1000 to 1000000'],
    ['cpu.burstUsec', { cpu: { quotaUsec: 1000, burstUsec: 1001 } }, 'at most the quota, 1000'],
    ['cpu.shares', { cpu: { shares: 1 } }, 'from 2 to 262144'],
    ['cpu.weight', { cpu: { weight: 0 } }, 'from 1 to 10000'],
    ['cpu.weight', { cpu: { weight: 1, shares: 2 } }, 'one of the two'],
    ['cpu.idle', { cpu: { idle: 1 } }, 'true or false'],
    ['cpu.realtimeRuntimeUsec', { cpu: { realtimeRuntimeUsec: 11, realtimePeriodUsec: 10 } }, 'at most the period, 10'],
    ['cpu.uclampMin', { cpu: { uclampMin: 100.5 } }, 'from 0 to 100'],
    ['cpu.uclampMax', { cpu: { uclampMax: 0.001 } }, 'two decimals'],
    ['cpuset.cpus', { cpuset: { cpus: '' } }, "'0-3,7'"],
    ['cpuset.cpus', { cpuset: { cpus: '3-1' } }, "'0-3,7'"],
    ['cpuset.mems', { cpuset: { mems: 0 } }, "'0-3,7'"],
    ['cpuset.partition', { cpuset: { partition: 'leaf' } }, "'member' or 'root' or 'isolated'"],
    ['io.weight', { io: { weight: 9 } }, 'from 10 to 1000'],
    ['io.devices: sda', { io: { devices: { sda: {} } } }, "'8:0'"],
    ["io.devices['8:0'].readOpsPerSec", { io: { devices: { '8:0': { readOpsPerSec: 0 } } } }, 'from 1 on'],
    ['hugetlb: 2M', { hugetlb: { '2M': 1 } }, "'2MB'"],
    ["hugetlb['2MB'].reservedMax", { hugetlb: { '2MB': { reservedMax: 'x' } } }, "'max'"],
    ["rdma['mlx5_0'].handles", { rdma: { mlx5_0: { handles: 2 ** 31 } } }, 'from 0 to 2147483647'],
    ["misc['sev']", { misc: { sev: 'x' } }, 'a whole number'],
    ['network.classId', { network: { classId: 2 ** 32 } }, 'from 0 to 4294967295'],
    ['network.priorities: a b', { network: { priorities: { 'a b': 1 } } }, "'eth0'"],
    ["unified['memory.high']", { unified: { 'memory.high': 5 } }, 'the text to write'],
    ["unified['memory.high']", { unified: { 'memory.high': ' ' } }, 'the text to write'],
    ["unified['../memory.high']", { unified: { '../memory.high': '1' } }, 'without a directory'],
    ["unified['release_agent']", { unified: { release_agent: '/x' } }, 'without a directory'],
    ["unified['cgroup.procs']", { unified: { 'cgroup.procs': '1' } }, 'cgroup.max.depth'],
    ['', null, 'an object'],
    ['cpu', { cpu: [] }, 'an object'],
  ])('%s', (path, resources, hint) => {
    expect(() => checkResources(resources as Resources)).toThrow(
      expect.objectContaining({ code: 'EINVAL', path, hint: expect.stringContaining(hint) }),
    );
  });

  test.each<[resources: unknown, shown: string]>([
    [{ pids: 5n }, '5n cannot be'],
    [{ memory: [] }, '[] cannot be'],
    [{ memory: { max: {} } }, '{} cannot be'],
    [{ cpu: Object.assign(Object.create(null), { shares: Object.create(null) }) }, 'null prototype] {} cannot be'],
    [{ cpuset: { cpus: '0\n1' } }, '"0\\n1" cannot be'],
  ])('%p is shown as it was given', (resources, shown) => {
    expect(() => checkResources(resources as Resources)).toThrow(shown);
  });

  test.each<[resources: unknown, path: string, hint: string]>([
    [{ memroy: '1g' }, 'memroy', 'did you mean memory?'],
    [{ memory: { maxx: 1 } }, 'memory.maxx', 'did you mean memory.max?'],
    [
      { io: { devices: { '8:0': { readBps: 1, readBytesPerSecond: 1 } } } },
      "io.devices['8:0'].readBps",
      'there are: weight',
    ],
    [{ cpu: { quotaUs: 1 } }, 'cpu.quotaUs', 'did you mean cpu.quotaUsec?'],
  ])('a field there is not: the nearest there is', (resources, path, hint) => {
    expect(() => checkResources(resources as Resources)).toThrow(
      expect.objectContaining({ code: 'EINVAL', path, hint: expect.stringContaining(hint) }),
    );
  });
});
