import type { Resources } from '@coracle/cgroups-core';
import { describe, expect, test } from '@jest/globals';
import { controllersOf, planResources } from '../src/index.ts';

/** The writes as `file=value`, in a group whose files, and those of the group above, have these texts. */
function writesOf(resources: Resources, files: Readonly<Record<string, string>> = {}): string[] {
  return planResources('/a/box', resources, { read: (path) => files[path] }).operations.map((one) =>
    one.kind === 'write' ? `${one.path.replace('/a/box/', '')}=${one.value}` : one.kind,
  );
}

describe('each resource has its file', () => {
  test.each<[string, Resources, string[]]>([
    ['pids', { pids: 'max' }, ['pids.max=max']],
    ['a size alone', { memory: '1.5g' }, ['memory.max=1610612736']],
    [
      'memory, swap before it',
      {
        memory: {
          max: '1g',
          high: '900m',
          min: 0,
          low: 'max',
          swapMax: '1m',
          zswapMax: 0,
          zswapWriteback: false,
          oomGroup: true,
        },
      },
      [
        'memory.swap.max=1048576',
        'memory.zswap.max=0',
        'memory.zswap.writeback=0',
        'memory.min=0',
        'memory.low=max',
        'memory.high=943718400',
        'memory.max=1073741824',
        'memory.oom.group=1',
      ],
    ],
    ['killing single processes', { memory: { oomGroup: false } }, ['memory.oom.group=0']],
    ['cpus', { cpus: 1.5 }, ['cpu.max=150000 100000']],
    ['a quota alone, which leaves the period', { cpu: { quotaUsec: 5000 } }, ['cpu.max=5000']],
    ['a period alone, of a new group', { cpu: { periodUsec: 5000 } }, ['cpu.max=max 5000']],
    ['shares', { cpu: { shares: 1024 } }, ['cpu.weight=100']],
    ['a weight', { cpu: { weight: 10_000 } }, ['cpu.weight=10000']],
    ['clock rates', { cpu: { uclampMin: 20.5, uclampMax: 'max' } }, ['cpu.uclamp.min=20.5', 'cpu.uclamp.max=max']],
    [
      'processors and nodes',
      { cpuset: { cpus: '1,0', mems: '0', partition: 'isolated' } },
      ['cpuset.cpus=0-1', 'cpuset.mems=0', 'cpuset.cpus.partition=isolated'],
    ],
    [
      'disks',
      {
        io: {
          weight: 500,
          devices: {
            '8:0': { weight: 10, readBytesPerSec: '1m', writeOpsPerSec: 'max' },
            '8:16': { latencyUsec: 75_000 },
            '8:32': { latencyUsec: 'max', writeBytesPerSec: 1, readOpsPerSec: 2n },
          },
        },
      },
      [
        'io.weight=4950',
        'io.weight=8:0 1',
        'io.max=8:0 rbps=1048576 wiops=max',
        'io.latency=8:16 target=75000',
        'io.max=8:32 wbps=1 riops=2',
        'io.latency=8:32 target=max',
      ],
    ],
    [
      'huge pages, with their reservation',
      { hugetlb: { '2MB': '4m', '1GB': { max: 'max', reservedMax: 0 } } },
      ['hugetlb.2MB.max=4194304', 'hugetlb.2MB.rsvd.max=4194304', 'hugetlb.1GB.max=max', 'hugetlb.1GB.rsvd.max=0'],
    ],
    ['RDMA', { rdma: { mlx5_0: { objects: 2 }, mlx5_1: {} } }, ['rdma.max=mlx5_0 hca_object=2']],
    ['countable resources', { misc: { sev: 'max', sev_es: 1 } }, ['misc.max=sev max', 'misc.max=sev_es 1']],
    [
      'files as they are, line by line and last',
      { unified: { 'io.max': '8:0 rbps=1\n8:16 rbps=2\n', 'memory.high': '1g' }, pids: 1 },
      ['pids.max=1', 'io.max=8:0 rbps=1', 'io.max=8:16 rbps=2', 'memory.high=1g'],
    ],
    ['what holds anyway', { memory: { useHierarchy: true, disableOomKiller: false, kernelMax: 'max' } }, []],
    ['nothing of a kind', { memory: {}, cpu: {}, io: { devices: { '8:0': {} } }, cpuset: {} }, []],
  ])('%s', (_, resources, writes) => {
    expect(writesOf(resources)).toEqual(writes);
  });
});

describe('memory and swap together, of which version 2 knows only the swap', () => {
  test.each<[string, Resources['memory'], string[]]>([
    ['the difference', { max: 100, maxWithSwap: 150 }, ['memory.swap.max=50', 'memory.max=100']],
    ['no swap', { max: 100, maxWithSwap: 100 }, ['memory.swap.max=0', 'memory.max=100']],
    ['all swap', { max: 'max', maxWithSwap: 'max' }, ['memory.swap.max=max', 'memory.max=max']],
  ])('%s', (_, memory = {}, writes) => {
    expect(writesOf({ memory })).toEqual(writes);
  });

  test('the limit on memory in force counts where none is named', () => {
    expect(writesOf({ memory: { maxWithSwap: 5000 } }, { '/a/box/memory.max': '4096\n' })).toEqual([
      'memory.swap.max=904',
    ]);
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ['a new group has none', {}],
    ['there is none', { '/a/box/memory.max': 'max\n' }],
    ['it is more than both', { '/a/box/memory.max': '8192\n' }],
  ])('cannot be had where %s', (_, files) => {
    expect(() => writesOf({ memory: { maxWithSwap: 5000 } }, files)).toThrow(
      expect.objectContaining({ code: 'EINVAL', path: 'memory.maxWithSwap', hint: expect.stringContaining('swapMax') }),
    );
  });

  test('a kernel without swap keeps none and no limit by doing nothing, and another limit is a write', () => {
    const files = { '/a/box/memory.max': 'max\n' };
    expect(writesOf({ memory: { swapMax: 0 } }, files)).toEqual([]);
    expect(writesOf({ memory: { swapMax: 'max' } }, files)).toEqual([]);
    expect(writesOf({ memory: { swapMax: 1 } }, files)).toEqual(['memory.swap.max=1']);
  });
});

describe('a limit on memory below what is in use', () => {
  const files = { '/a/box/memory.current': '5000\n', '/a/box/memory.swap.current': '1000\n' };

  test.each<[string, Resources['memory'] & object]>([
    ['memory.max', { max: 4999 }],
    ['memory.maxWithSwap', { max: 5500, maxWithSwap: 5999 }],
  ])('%s is refused when it is to be checked, before the kernel kills', (path, memory) => {
    const checked = { ...memory, checkBeforeUpdate: true };
    expect(() => writesOf({ memory: checked }, files)).toThrow(expect.objectContaining({ code: 'EBUSY', path }));
    expect(writesOf({ memory: checked })).not.toEqual([]);
    expect(writesOf({ memory }, files)).not.toEqual([]);
  });

  test('exactly what is in use is no refusal', () => {
    expect(writesOf({ memory: { max: 5000, checkBeforeUpdate: true } }, files)).toEqual(['memory.max=5000']);
  });
});

describe('processor time', () => {
  test('a period alone keeps the quota in force', () => {
    expect(writesOf({ cpu: { periodUsec: 5000 } }, { '/a/box/cpu.max': '2000 100000\n' })).toEqual([
      'cpu.max=2000 5000',
    ]);
  });

  test('a burst comes after the quota only where it is more than the quota in force', () => {
    const cpu = { quotaUsec: 60_000, burstUsec: 40_000 };
    const [time, burst] = ['cpu.max=60000', 'cpu.max.burst=40000'];
    expect(writesOf({ cpu }, { '/a/box/cpu.max': '50000 100000\n' })).toEqual([burst, time]);
    expect(writesOf({ cpu }, { '/a/box/cpu.max': '30000 100000\n' })).toEqual([time, burst]);
    expect(writesOf({ cpu })).toEqual([burst, time]);
  });

  test('idle ends before a weight is set, and begins after', () => {
    expect(writesOf({ cpu: { idle: false, weight: 1 } })).toEqual(['cpu.idle=0', 'cpu.weight=1']);
    expect(writesOf({ cpu: { idle: true, weight: 1 } })).toEqual(['cpu.weight=1', 'cpu.idle=1']);
  });
});

describe('processors that the group above does not have', () => {
  const above = { '/a/cpuset.cpus.effective': '0-1\n', '/a/cpuset.mems.effective': '0\n' };

  test.each<[string, Resources]>([
    ['cpuset.cpus', { cpuset: { cpus: '1-2' } }],
    ['cpuset.mems', { cpuset: { mems: '1' } }],
  ])('%s is refused: the kernel would take it and not heed it', (path, resources) => {
    expect(() => writesOf(resources, above)).toThrow(expect.objectContaining({ code: 'EINVAL', path }));
  });

  test('those it has are taken', () => {
    expect(writesOf({ cpuset: { cpus: '1', mems: '0' } }, above)).toEqual(['cpuset.cpus=1', 'cpuset.mems=0']);
  });
});

describe('files that depend on the kernel', () => {
  test('where BFQ has a file, weights go there as they are', () => {
    const io = { weight: 100, devices: { '8:0': { weight: 200 } } };
    expect(writesOf({ io }, { '/a/box/io.bfq.weight': 'default 100\n' })).toEqual([
      'io.bfq.weight=100',
      'io.bfq.weight=8:0 200',
    ]);
  });

  test('the weights of single disks, which BFQ forgets with that of all, are written again', () => {
    const files = { '/a/box/io.bfq.weight': 'default 100\n8:0 50\n' };
    expect(writesOf({ io: { weight: 200 } }, files)).toEqual([
      'io.bfq.weight=8:0 50',
      'io.bfq.weight=200',
      'io.bfq.weight=8:0 50',
    ]);
  });

  test('a kernel that does not count reservations of huge pages gets no limit on them, unless asked', () => {
    const files = { '/a/box/hugetlb.2MB.max': 'max\n' };
    expect(writesOf({ hugetlb: { '2MB': 0 } }, files)).toEqual(['hugetlb.2MB.max=0']);
    expect(writesOf({ hugetlb: { '2MB': { reservedMax: 0 } } }, files)).toEqual(['hugetlb.2MB.rsvd.max=0']);
  });
});

describe('what version 2 cannot do', () => {
  test.each<[string, Resources, string]>([
    ['memory.swappiness', { memory: { swappiness: 0 } }, 'memory.swapMax'],
    ['memory.kernelMax', { memory: { kernelMax: 1 } }, 'memory.max'],
    ['memory.kernelTcpMax', { memory: { kernelTcpMax: 1 } }, 'memory.max'],
    ['memory.disableOomKiller', { memory: { disableOomKiller: true } }, 'memory.high'],
    ['memory.useHierarchy', { memory: { useHierarchy: false } }, 'leave it out'],
    ['cpu.realtimeRuntimeUsec', { cpu: { realtimeRuntimeUsec: 1 } }, 'cpu.shares'],
    ['cpu.realtimePeriodUsec', { cpu: { realtimePeriodUsec: 1 } }, 'cpu.shares'],
    ['io.leafWeight', { io: { leafWeight: 10 } }, 'io.weight'],
    ['io.devices.8:0.leafWeight', { io: { devices: { '8:0': { leafWeight: 10 } } } }, 'io.devices.weight'],
    ['network.classId', { network: { classId: 1 } }, 'nftables'],
    ['network.priorities', { network: { priorities: { lo: 1 } } }, 'nftables'],
  ])('%s is refused with the alternative, or left out by best effort', (path, resources, alternative) => {
    const refusal = { code: 'EOPNOTSUPP', path, hint: expect.stringContaining(alternative) };
    expect(() => writesOf(resources)).toThrow(expect.objectContaining(refusal));
    const { operations, leftOut } = planResources('/a/box', { ...resources, pids: 1 }, { mode: 'best-effort' });
    expect(operations).toHaveLength(1);
    expect(leftOut).toEqual([
      {
        resource: path,
        reason: `version 2 of cgroups has no ${path}`,
        alternative: expect.stringContaining(alternative),
      },
    ]);
  });

  test('the error names all of it', () => {
    expect(() => writesOf({ memory: { swappiness: 0, kernelMax: 1 }, io: { leafWeight: 10 } })).toThrow(
      "limit 'memory.swappiness' (and memory.kernelMax, io.leafWeight)",
    );
  });
});

test('the controllers that resources need', () => {
  expect(controllersOf({ cpus: 1, io: {}, network: { classId: 1 } })).toEqual(['io', 'cpu']);
  expect(
    controllersOf({ memory: 1, unified: { 'memory.high': '1', 'rdma.max': '1', 'cgroup.max.depth': '3' } }),
  ).toEqual(['memory', 'rdma']);
  expect(controllersOf({})).toEqual([]);
});
