import type { Resources } from '@coracle/cgroups-core';
import { describe, expect, test } from '@jest/globals';
import { controllersOf, type Place, planCpusetStart, planResources } from '../src/index.ts';

const place: Place = {
  pids: '/pids',
  memory: '/memory',
  cpu: '/cpu',
  cpuset: '/cpuset/box',
  blkio: '/blkio',
  hugetlb: '/hugetlb',
  rdma: '/rdma',
  misc: '/misc',
  net_cls: '/net_cls',
  net_prio: '/net_prio',
};

/** A kernel that has given up nothing yet. */
const OLD = '5.10.0-33-amd64';

/** The writes as `file=value`, in a group whose files have these texts. */
function writesOf(resources: Resources, files: Readonly<Record<string, string>> = {}): string[] {
  return planResources(place, resources, { read: (path) => files[path], release: OLD }).operations.map((one) =>
    one.kind === 'write' ? `${one.path}=${one.value}` : one.kind,
  );
}

const LIMIT = '/memory/memory.limit_in_bytes';
const TOTAL = '/memory/memory.memsw.limit_in_bytes';
const UNLIMITED = '9223372036854771712\n';

describe('each resource has its file', () => {
  test.each<[string, Resources, string[]]>([
    ['pids', { pids: 7 }, ['/pids/pids.max=7']],
    ['a size alone', { memory: '1.5g' }, [`${LIMIT}=1610612736`]],
    ['no limit on memory', { memory: 'max' }, [`${LIMIT}=-1`]],
    ['what is left when memory is short', { memory: { low: '64m' } }, ['/memory/memory.soft_limit_in_bytes=67108864']],
    ['swappiness', { memory: { swappiness: 0 } }, ['/memory/memory.swappiness=0']],
    ['waiting at the limit', { memory: { disableOomKiller: true } }, ['/memory/memory.oom_control=1']],
    ['killing at the limit', { memory: { disableOomKiller: false } }, ['/memory/memory.oom_control=0']],
    [
      'hierarchy before any limit',
      { memory: { max: 1, useHierarchy: true } },
      ['/memory/memory.use_hierarchy=1', `${LIMIT}=1`],
    ],
    [
      "the kernel's memory",
      { memory: { kernelMax: 5, kernelTcpMax: 'max' } },
      ['/memory/memory.kmem.limit_in_bytes=5', '/memory/memory.kmem.tcp.limit_in_bytes=-1'],
    ],
    ['cpus', { cpus: 1.5 }, ['/cpu/cpu.cfs_period_us=100000', '/cpu/cpu.cfs_quota_us=150000']],
    ['shares', { cpu: { shares: 512 } }, ['/cpu/cpu.shares=512']],
    ['no quota', { cpu: { quotaUsec: 'max' } }, ['/cpu/cpu.cfs_quota_us=-1']],
    [
      'real time',
      { cpu: { realtimeRuntimeUsec: 5000, realtimePeriodUsec: 10_000 } },
      ['/cpu/cpu.rt_period_us=10000', '/cpu/cpu.rt_runtime_us=5000'],
    ],
    [
      'processors and nodes',
      { cpuset: { cpus: '3,0,1', mems: '0' } },
      ['/cpuset/box/cpuset.cpus=0-1,3', '/cpuset/box/cpuset.mems=0'],
    ],
    [
      'disks',
      {
        io: {
          weight: 500,
          leafWeight: 10,
          devices: {
            '8:0': {
              weight: 20,
              leafWeight: 30,
              readBytesPerSec: '1m',
              writeBytesPerSec: 2n,
              readOpsPerSec: 3,
              writeOpsPerSec: 'max',
            },
          },
        },
      },
      [
        '/blkio/blkio.bfq.weight=500',
        '/blkio/blkio.leaf_weight=10',
        '/blkio/blkio.bfq.weight_device=8:0 20',
        '/blkio/blkio.leaf_weight_device=8:0 30',
        '/blkio/blkio.throttle.read_bps_device=8:0 1048576',
        '/blkio/blkio.throttle.write_bps_device=8:0 2',
        '/blkio/blkio.throttle.read_iops_device=8:0 3',
        '/blkio/blkio.throttle.write_iops_device=8:0 0',
      ],
    ],
    [
      'huge pages, with their reservation',
      { hugetlb: { '2MB': '4m', '1GB': { max: 'max', reservedMax: 0 } } },
      [
        '/hugetlb/hugetlb.2MB.limit_in_bytes=4194304',
        '/hugetlb/hugetlb.2MB.rsvd.limit_in_bytes=4194304',
        '/hugetlb/hugetlb.1GB.limit_in_bytes=-1',
        '/hugetlb/hugetlb.1GB.rsvd.limit_in_bytes=0',
      ],
    ],
    [
      'RDMA',
      { rdma: { mlx5_0: { handles: 2, objects: 'max' }, mlx5_1: {} } },
      ['/rdma/rdma.max=mlx5_0 hca_handle=2 hca_object=max'],
    ],
    ['countable resources', { misc: { sev: 3 } }, ['/misc/misc.max=sev 3']],
    [
      'network',
      { network: { classId: 0x0010_0001, priorities: { eth0: 5, lo: 0 } } },
      ['/net_cls/net_cls.classid=1048577', '/net_prio/net_prio.ifpriomap=eth0 5', '/net_prio/net_prio.ifpriomap=lo 0'],
    ],
    ['nothing', {}, []],
    ['nothing of a kind', { memory: {}, cpu: {}, io: {}, cpuset: {} }, []],
  ])('%s', (_, resources, writes) => {
    expect(writesOf(resources)).toEqual(writes);
  });
});

describe('memory, and memory with swap, of which the kernel lets the first never be more', () => {
  test.each([
    ['a new group: memory first', undefined, '64m', '128m', [LIMIT, TOTAL]],
    ['raised: both together first', String(32 << 20), '64m', '128m', [TOTAL, LIMIT]],
    ['lowered: memory first', String(256 << 20), '64m', '128m', [LIMIT, TOTAL]],
    ['from no limit: memory first', UNLIMITED, '64m', '128m', [LIMIT, TOTAL]],
    ['lifted: both together first', String(32 << 20), 'max', 'max', [TOTAL, LIMIT]],
  ])('%s', (_, current, max, maxWithSwap, order) => {
    const files = current === undefined ? {} : { [LIMIT]: current, [TOTAL]: UNLIMITED };
    const paths = writesOf({ memory: { max, maxWithSwap } }, files).map((one) => one.split('=')[0]);
    expect(paths).toEqual(order);
  });

  test('swap alone is turned into both together, with the limit of the block or else the one in force', () => {
    expect(writesOf({ memory: { max: 10, swapMax: 5 } })).toEqual([`${LIMIT}=10`, `${TOTAL}=15`]);
    expect(writesOf({ memory: { swapMax: 0 } }, { [LIMIT]: '4096\n', [TOTAL]: UNLIMITED })).toEqual([`${TOTAL}=4096`]);
    expect(writesOf({ memory: { swapMax: 'max' } })).toEqual([`${TOTAL}=-1`]);
  });

  test.each([{}, { [LIMIT]: UNLIMITED }])('swap alone without a limit on memory cannot be had', (files) => {
    expect(() => writesOf({ memory: { swapMax: 5 } }, files)).toThrow(
      expect.objectContaining({ code: 'EINVAL', path: 'memory.swapMax', hint: expect.stringContaining('maxWithSwap') }),
    );
  });

  test('where the kernel does not count swap no limit on it is no write, and a limit is one', () => {
    const files = { [LIMIT]: UNLIMITED };
    expect(writesOf({ memory: { maxWithSwap: 'max' } }, files)).toEqual([]);
    expect(writesOf({ memory: { max: 1, maxWithSwap: 2 } }, files)).toEqual([`${LIMIT}=1`, `${TOTAL}=2`]);
  });
});

describe('the order of what concerns processor time', () => {
  const period = '/cpu/cpu.cfs_period_us';
  const quota = '/cpu/cpu.cfs_quota_us';
  const burst = '/cpu/cpu.cfs_burst_us';
  const ordered = (resources: Resources, files = {}): (string | undefined)[] =>
    writesOf(resources, files).map((one) => one.split('=')[0]);

  test('a longer period comes before its quota, a shorter one after it', () => {
    const files = { [period]: '100000\n', [quota]: '50000\n' };
    expect(ordered({ cpu: { quotaUsec: 20_000, periodUsec: 200_000 } }, files)).toEqual([period, quota]);
    expect(ordered({ cpu: { quotaUsec: 20_000, periodUsec: 50_000 } }, files)).toEqual([quota, period]);
  });

  test('the same of real time', () => {
    const [rtPeriod, rtRuntime] = ['/cpu/cpu.rt_period_us', '/cpu/cpu.rt_runtime_us'];
    const files = { [rtPeriod]: '1000000\n', [rtRuntime]: '950000\n' };
    const shorter = { realtimePeriodUsec: 100_000, realtimeRuntimeUsec: 50_000 };
    expect(ordered({ cpu: shorter }, files)).toEqual([rtRuntime, rtPeriod]);
    expect(ordered({ cpu: { ...shorter, realtimePeriodUsec: 2_000_000 } }, files)).toEqual([rtPeriod, rtRuntime]);
  });

  test('a burst comes after the quota only where it is more than the quota in force', () => {
    const cpu = { quotaUsec: 60_000, burstUsec: 40_000 };
    expect(ordered({ cpu }, { [quota]: '50000\n' })).toEqual([burst, quota]);
    expect(ordered({ cpu }, { [quota]: '30000\n' })).toEqual([quota, burst]);
    expect(ordered({ cpu }, { [quota]: '-1\n' })).toEqual([burst, quota]);
  });

  test('idle ends before shares are set, and begins after', () => {
    expect(writesOf({ cpu: { idle: false, shares: 2 } })).toEqual(['/cpu/cpu.idle=0', '/cpu/cpu.shares=2']);
    expect(writesOf({ cpu: { idle: true, shares: 2 } })).toEqual(['/cpu/cpu.shares=2', '/cpu/cpu.idle=1']);
  });
});

describe('files that depend on the kernel', () => {
  test('weights of disks are BFQ’s, but on a kernel that has only CFQ', () => {
    const io = { weight: 100, devices: { '8:0': { weight: 200 } } };
    expect(writesOf({ io }, { '/blkio/blkio.weight': '500\n' })).toEqual([
      '/blkio/blkio.weight=100',
      '/blkio/blkio.weight_device=8:0 200',
    ]);
    const both = { '/blkio/blkio.weight': '500\n', '/blkio/blkio.bfq.weight': '100\n' };
    expect(writesOf({ io: { weight: 100 } }, both)).toEqual(['/blkio/blkio.bfq.weight=100']);
  });

  test('the weights of single disks, which BFQ forgets with that of all, are written again', () => {
    const files = {
      '/blkio/blkio.bfq.weight': '100\n',
      '/blkio/blkio.bfq.weight_device': 'default 100\n8:0 50\n8:16 70\n',
    };
    const device = '/blkio/blkio.bfq.weight_device';
    expect(writesOf({ io: { weight: 200, devices: { '8:16': { weight: 300 } } } }, files)).toEqual([
      `${device}=8:0 50`,
      `${device}=8:16 70`,
      '/blkio/blkio.bfq.weight=200',
      `${device}=8:0 50`,
      `${device}=8:16 70`,
      `${device}=8:16 300`,
    ]);
    expect(writesOf({ io: { devices: { '8:0': { weight: 10 } } } }, files)).toEqual([`${device}=8:0 10`]);
  });

  test('a rate of operations that the kernel would cut to 32 bits is the largest it keeps', () => {
    const devices = { '8:0': { readOpsPerSec: 2n ** 32n, writeOpsPerSec: 2 ** 32 - 1 } };
    expect(writesOf({ io: { devices } })).toEqual([
      '/blkio/blkio.throttle.read_iops_device=8:0 4294967295',
      '/blkio/blkio.throttle.write_iops_device=8:0 4294967295',
    ]);
  });

  test('a kernel that does not count reservations of huge pages gets no limit on them, unless asked', () => {
    const files = { '/hugetlb/hugetlb.2MB.limit_in_bytes': UNLIMITED };
    expect(writesOf({ hugetlb: { '2MB': 0 } }, files)).toEqual(['/hugetlb/hugetlb.2MB.limit_in_bytes=0']);
    expect(writesOf({ hugetlb: { '2MB': { reservedMax: 0 } } }, files)).toEqual([
      '/hugetlb/hugetlb.2MB.rsvd.limit_in_bytes=0',
    ]);
  });
});

describe('what version 1 cannot do', () => {
  const impossible: Resources = {
    memory: { max: 1, high: 1, min: 1, zswapMax: 0, zswapWriteback: false, oomGroup: true },
    cpu: { shares: 2, uclampMin: 10, uclampMax: 'max' },
    cpuset: { partition: 'root' },
    io: { devices: { '8:0': { latencyUsec: 10, readOpsPerSec: 1 } } },
    unified: { 'memory.high': '1' },
  };

  test.each([
    ['memory.high', { memory: { high: '1g' } }, 'memory.max'],
    ['cpu.weight', { cpu: { weight: 100 } }, 'cpu.shares'],
    ['io.devices.8:0.latencyUsec', { io: { devices: { '8:0': { latencyUsec: 1 } } } }, 'io.devices.weight'],
    ['unified', { unified: { 'memory.high': '1' } }, 'name the resources'],
  ])('%s is refused with the alternative', (path, resources, alternative) => {
    expect(() => writesOf(resources)).toThrow(
      expect.objectContaining({
        code: 'EOPNOTSUPP',
        path,
        message: expect.stringContaining('version 1'),
        hint: expect.stringContaining(alternative),
      }),
    );
  });

  test('is listed by best effort, and the rest is planned', () => {
    const { operations, leftOut } = planResources(place, impossible, { mode: 'best-effort' });
    expect(leftOut.map(({ resource }) => resource)).toEqual([
      'memory.high',
      'memory.min',
      'memory.zswapMax',
      'memory.zswapWriteback',
      'memory.oomGroup',
      'cpuset.partition',
      'io.devices.8:0.latencyUsec',
      'unified',
      'cpu.uclampMin',
      'cpu.uclampMax',
    ]);
    expect(operations.map(({ path }) => path)).toEqual([
      LIMIT,
      '/cpu/cpu.shares',
      '/blkio/blkio.throttle.read_iops_device',
    ]);
  });

  test.each([
    ['memory.kernelMax', { kernelMax: '1m' }, '5.16.0', '5.15.0-91-generic', 'memory.max counts it too'],
    ['memory.kernelMax', { kernelMax: '1m' }, '6.1.0-13-amd64', '4.19.0', 'memory.max counts it too'],
    ['memory.useHierarchy', { useHierarchy: false }, '5.11.22-7-pve', '5.10.0', 'leave it out'],
  ] as const)(
    '%s %j is refused from Linux %s on, which would take it and do nothing',
    (path, memory, since, before, instead) => {
      const plan = (release: string, mode: 'strict' | 'best-effort' = 'strict') =>
        planResources(place, { memory: { ...memory, swappiness: 1 } }, { release, mode });
      expect(plan(before).operations).toHaveLength(2);
      expect(() => plan(since)).toThrow(
        expect.objectContaining({
          code: 'EOPNOTSUPP',
          path,
          message: expect.stringContaining('since Linux 5.1'),
          hint: expect.stringContaining(instead),
        }),
      );
      const { operations, leftOut } = plan(since, 'best-effort');
      expect(operations.map((one) => one.path)).toEqual(['/memory/memory.swappiness']);
      expect(leftOut).toMatchObject([{ resource: path, alternative: instead }]);
    },
  );

  test('what holds on every kernel is taken', () => {
    const memory = { kernelMax: 'max', useHierarchy: true } as const;
    expect(planResources(place, { memory }, { release: '6.18.44' }).leftOut).toEqual([]);
  });

  test('best effort still refuses what cannot be meant', () => {
    expect(() => planResources(place, { pids: -1 }, { mode: 'best-effort' })).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
  });
});

test('the controllers that resources need', () => {
  expect(controllersOf({ cpus: 1, io: {}, network: { classId: 1 }, unified: { 'memory.high': '1' } })).toEqual([
    'cpu',
    'blkio',
    'net_cls',
  ]);
  expect(controllersOf({ network: { priorities: {} }, cpu: {}, misc: {} })).toEqual(['cpu', 'misc', 'net_prio']);
  expect(controllersOf({})).toEqual([]);
});

describe('a new group of the controller cpuset, which has no processors and no memory nodes', () => {
  const start = (files: Readonly<Record<string, string>>, parents: string[] = []): string[] =>
    planCpusetStart({ cpuset: '/c/a/box' }, { parents, read: (path) => files[path] }).map((one) =>
      one.kind === 'write' ? `${one.path}=${one.value}` : one.kind,
    );
  const top = { '/c/cpuset.cpus': '0-3\n', '/c/cpuset.mems': '0\n' };

  test('gets those of the group above', () => {
    const above = { '/c/a/cpuset.cpus': '0-1\n', '/c/a/cpuset.mems': '0\n' };
    expect(start(above)).toEqual(['/c/a/box/cpuset.cpus=0-1', '/c/a/box/cpuset.mems=0']);
  });

  test('so does each on the way, from the top on, while one that has some keeps and hands on its own', () => {
    expect(start(top, ['/pids/a', '/c/a'])).toEqual([
      '/c/a/cpuset.cpus=0-3',
      '/c/a/box/cpuset.cpus=0-3',
      '/c/a/cpuset.mems=0',
      '/c/a/box/cpuset.mems=0',
    ]);
    expect(start({ ...top, '/c/a/cpuset.cpus': '2\n', '/c/a/cpuset.mems': '\n' }, ['/c/a'])).toEqual([
      '/c/a/box/cpuset.cpus=2',
      '/c/a/cpuset.mems=0',
      '/c/a/box/cpuset.mems=0',
    ]);
  });

  test('is nothing to a place without the controller', () => {
    expect(planCpusetStart({ pids: '/pids/box' }, { read: () => '0' })).toEqual([]);
  });
});
