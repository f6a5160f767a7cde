import { checkResources } from '@coracle/cgroups-core';
import type * as oci from '@coracle/oci-spec';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fromOci, type Resources } from '../src/index.ts';

describe('an OCI block in the words of this package', () => {
  test.each<[string, oci.Resources, Resources]>([
    ['nothing', {}, {}],
    ['pids', { pids: { limit: 20 } }, { pids: 20 }],
    ['pids zero, which is one', { pids: { limit: 0 } }, { pids: 1 }],
    ['pids without limit', { pids: { limit: -1 } }, { pids: 'max' }],
    [
      'memory',
      { memory: { limit: 100, swap: 150, reservation: 50, swappiness: 0, disableOOMKiller: false } },
      { memory: { max: 100n, maxWithSwap: 150n, low: 50n, swappiness: 0, disableOomKiller: false } },
    ],
    [
      'memory without limit has swap without limit',
      { memory: { limit: -1 } },
      { memory: { max: 'max', maxWithSwap: 'max' } },
    ],
    [
      'memory without limit, and limited swap',
      { memory: { limit: -1, swap: -1, reservation: -1 } },
      { memory: { max: 'max', maxWithSwap: 'max', low: 'max' } },
    ],
    [
      'zeros that leave as is',
      { memory: { limit: 0, swap: 0, kernel: 0 }, cpu: { shares: 0, quota: 0, period: 0 } },
      { memory: {} },
    ],
    [
      "the kernel's memory",
      { memory: { kernel: -1, kernelTCP: 5 } },
      { memory: { kernelMax: 'max', kernelTcpMax: 5n } },
    ],
    [
      'the largest of 64 bits is no limit',
      { memory: { limit: 2 ** 63 } },
      { memory: { max: 'max', maxWithSwap: 'max' } },
    ],
    [
      'flags of memory',
      { memory: { disableOOMKiller: true, useHierarchy: true, checkBeforeUpdate: true } },
      { memory: { disableOomKiller: true, useHierarchy: true, checkBeforeUpdate: true } },
    ],
    [
      'processor time',
      { cpu: { shares: 512, quota: 5000, burst: 0, period: 10_000, idle: 1, realtimeRuntime: -1, realtimePeriod: 7 } },
      {
        cpu: {
          shares: 512,
          quotaUsec: 5000,
          burstUsec: 0,
          periodUsec: 10_000,
          idle: true,
          realtimeRuntimeUsec: 'max',
          realtimePeriodUsec: 7,
        },
      },
    ],
    ['shares beyond the ends', { cpu: { shares: 1 } }, { cpu: { shares: 2 } }],
    ['shares beyond the other end', { cpu: { shares: 2 ** 20 } }, { cpu: { shares: 262_144 } }],
    ['no quota', { cpu: { quota: -1, idle: 0 } }, { cpu: { quotaUsec: 'max', idle: false } }],
    ['processors', { cpu: { cpus: '0-1', mems: '' } }, { cpuset: { cpus: '0-1' } }],
    [
      'disks, one entry each',
      {
        blockIO: {
          weight: 500,
          leafWeight: 0,
          weightDevice: [
            { major: 8, minor: 0, weight: 20, leafWeight: 30 },
            { major: 8, minor: 32 },
          ],
          throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }],
          throttleWriteBpsDevice: [{ major: 8, minor: 16, rate: 0 }],
          throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 3 }],
          throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 4 }],
        },
      },
      {
        io: {
          weight: 500,
          devices: {
            '8:0': { weight: 20, leafWeight: 30, readBytesPerSec: 1n, readOpsPerSec: 3n },
            '8:16': { writeBytesPerSec: 'max', writeOpsPerSec: 4n },
          },
        },
      },
    ],
    [
      'huge pages',
      {
        hugepageLimits: [
          { pageSize: '2MB', limit: 0 },
          { pageSize: '1GB', limit: 2 ** 64 },
        ],
      },
      { hugetlb: { '2MB': { max: 0n }, '1GB': { max: 'max' } } },
    ],
    [
      'network',
      { network: { classID: 0x10_0001, priorities: [{ name: 'eth0', priority: 5 }] } },
      { network: { classId: 1_048_577, priorities: { eth0: 5 } } },
    ],
    ['network class zero', { network: { classID: 0 } }, { network: {} }],
    [
      'RDMA',
      { rdma: { mlx5_1: { hcaHandles: 3 }, mlx5_2: { hcaObjects: 0 } } },
      { rdma: { mlx5_1: { handles: 3 }, mlx5_2: { objects: 0 } } },
    ],
    ['files', { unified: { 'memory.high': '1073741824' } }, { unified: { 'memory.high': '1073741824' } }],
  ])('%s', (_, block, resources) => {
    expect(fromOci(block)).toEqual({ resources, devices: undefined });
  });

  test.each([
    ['1.0.2-dev', 0, {}],
    ['1.2.1', 0, {}],
    ['1.2.1', 1, { pids: 1 }],
    ['1.3.0', 0, { pids: 1 }],
    ['1.30.0', 0, { pids: 1 }],
  ])('in version %s a limit of %i processes', (version, limit, resources) => {
    expect(fromOci({ pids: { limit } }, version).resources).toEqual(resources);
  });

  test('rules for devices are apart, as they stand', () => {
    const devices = [{ allow: false, access: 'rwm' }];
    expect(fromOci({ devices }).devices).toEqual(devices);
  });

  test('a rule for devices in the spellings that engines may use', () => {
    const rules = (...devices: oci.DeviceRule[]): unknown => fromOci({ devices }).devices;
    expect(rules({ allow: true, type: '' as 'a' }, { allow: true, type: 'u', major: 1, access: 'rwa' })).toEqual([
      { allow: true },
      { allow: true, type: 'c', major: 1, access: 'rw' },
    ]);
  });
});

test('whatever numbers the specification allows, what becomes of them can be meant', () => {
  const amount = fc.option(fc.integer({ min: -1, max: 2 ** 50 }), { nil: undefined });
  const device = fc.record({ major: fc.nat(500), minor: fc.nat(255), rate: fc.nat() });
  const block = fc.record({
    memory: fc.record({ limit: amount, reservation: amount, kernel: amount, kernelTCP: amount }),
    cpu: fc.record({ shares: fc.nat(2 ** 40), quota: fc.oneof(fc.constant(-1), fc.integer({ min: 1000, max: 1e6 })) }),
    pids: fc.record({ limit: fc.integer({ min: -1, max: 2 ** 22 }) }),
    blockIO: fc.record({ weight: fc.integer({ min: 10, max: 1000 }), throttleReadBpsDevice: fc.array(device) }),
    network: fc.record({
      classID: fc.nat(),
      priorities: fc.array(fc.record({ name: fc.constantFrom('lo', 'eth0'), priority: fc.nat() })),
    }),
  });
  fc.assert(
    fc.property(block, ({ memory, ...others }) => {
      const given = JSON.parse(JSON.stringify({ ...others, memory }));
      const { resources } = fromOci(given);
      expect(() => checkResources(resources)).not.toThrow();
      const { max } = checkResources(resources).memory ?? {};
      const limit = memory.limit ?? 0;
      expect(max).toBe(limit === 0 ? undefined : limit < 0 ? 'max' : BigInt(limit));
    }),
  );
});
