import { expect, test } from '@jest/globals';
import { planProperties } from '../../src/systemd/index.ts';
import { unifiedProperties } from '../../src/systemd/unified-properties.ts';

const INFINITY = '18446744073709551615';

test('resources are properties, with no limit as systemd writes it', () => {
  const { properties } = planProperties({
    pids: 'max',
    memory: { max: '1g', high: 1n, low: 0, min: 2, swapMax: 'max' },
    cpu: { quotaUsec: 30_000, periodUsec: 20_000, weight: 7 },
    cpuset: { cpus: '0-1,9', mems: '0' },
    io: { weight: 500, devices: { '8:0': { readBytesPerSec: '1m', writeOpsPerSec: 'max', weight: 100 } } },
  });
  expect(Object.fromEntries(properties)).toEqual({
    TasksMax: ['t', INFINITY],
    MemoryMax: ['t', '1073741824'],
    MemoryHigh: ['t', '1'],
    MemoryLow: ['t', '0'],
    MemoryMin: ['t', '2'],
    MemorySwapMax: ['t', INFINITY],
    CPUQuotaPerSecUSec: ['t', '1500000'],
    CPUQuotaPeriodUSec: ['t', '20000'],
    CPUWeight: ['t', '7'],
    AllowedCPUs: ['ay', [3, 2]],
    AllowedMemoryNodes: ['ay', [1]],
    IOWeight: ['t', '4950'],
    IOReadBandwidthMax: ['a(st)', [['/dev/block/8:0', '1048576']]],
    IOWriteIOPSMax: ['a(st)', [['/dev/block/8:0', INFINITY]]],
    IODeviceWeight: ['a(st)', [['/dev/block/8:0', '910']]],
  });
});

test.each([
  [
    { cpus: 0.5 },
    [
      ['CPUQuotaPerSecUSec', ['t', '500000']],
      ['CPUQuotaPeriodUSec', ['t', '100000']],
    ],
  ],
  [
    { cpus: 'max' as const },
    [
      ['CPUQuotaPerSecUSec', ['t', INFINITY]],
      ['CPUQuotaPeriodUSec', ['t', '100000']],
    ],
  ],
  // Less than a percent would be written as none, and a fraction of one left out.
  [
    { cpu: { quotaUsec: 1001, periodUsec: 1_000_000 } },
    [
      ['CPUQuotaPerSecUSec', ['t', '10000']],
      ['CPUQuotaPeriodUSec', ['t', '1000000']],
    ],
  ],
  [{ cpu: { shares: 1024 } }, [['CPUWeight', ['t', '100']]]],
  [{}, []],
])('%j', (resources, properties) => {
  expect(planProperties(resources).properties).toEqual(properties);
});

test('what systemd has no property for is refused with the alternative, or left out and listed', () => {
  const resources = {
    pids: 3,
    hugetlb: { '2MB': 0 },
    memory: { oomGroup: true },
    io: { devices: { '8:0': { latencyUsec: 5 } } },
  };
  expect(() => planProperties(resources)).toThrow(
    expect.objectContaining({ code: 'EOPNOTSUPP', hint: expect.stringContaining('delegate: true') }),
  );
  const { properties, leftOut } = planProperties(resources, 'best-effort');
  expect(properties).toEqual([['TasksMax', ['t', '3']]]);
  expect(leftOut.map(({ resource }) => resource)).toEqual(['memory.oomGroup', 'io.devices.latencyUsec', 'hugetlb']);
});

test('what systemd was not given the controller of is refused with how to give it, or left out and listed', () => {
  const resources = { pids: 3, cpus: 0.5, io: { weight: 100 }, cpuset: { cpus: '0' } };
  const controllers = new Set(['memory', 'pids']);
  expect(() => planProperties(resources, 'strict', { controllers })).toThrow(
    expect.objectContaining({
      code: 'EOPNOTSUPP',
      hint: expect.stringContaining('Delegate=cpu memory pids cpuset io'),
    }),
  );
  const { properties, leftOut } = planProperties(resources, 'best-effort', { controllers });
  expect(properties).toEqual([['TasksMax', ['t', '3']]]);
  expect(leftOut.map(({ resource }) => resource)).toEqual(['cpu', 'cpuset', 'io']);
});

test('on version 1 there are fewer properties, with the numbers of version 1', () => {
  const resources = {
    memory: { max: '1m', low: '1k' },
    cpu: { shares: 512 },
    io: { weight: 500, devices: { '8:0': { readOpsPerSec: 5, readBytesPerSec: 6, weight: 100 } } },
  };
  const { properties, leftOut } = planProperties(resources, 'best-effort', { version: 1 });
  expect(Object.fromEntries(properties)).toEqual({
    MemoryMax: ['t', '1048576'],
    CPUShares: ['t', '512'],
    BlockIOWeight: ['t', '500'],
    BlockIOReadBandwidth: ['a(st)', [['/dev/block/8:0', '6']]],
    BlockIODeviceWeight: ['a(st)', [['/dev/block/8:0', '100']]],
  });
  expect(leftOut.map(({ resource }) => resource)).toEqual(['memory.low', 'io.devices.readOpsPerSec']);
});

test.each([
  [
    { max: '64m', maxWithSwap: '96m' },
    { MemoryMax: ['t', `${64 << 20}`], MemorySwapMax: ['t', `${32 << 20}`] },
  ],
  [
    { max: '64m', maxWithSwap: 'max' },
    { MemoryMax: ['t', `${64 << 20}`], MemorySwapMax: ['t', INFINITY] },
  ],
  [
    { max: '64m', maxWithSwap: '64m' },
    { MemoryMax: ['t', `${64 << 20}`], MemorySwapMax: ['t', '0'] },
  ],
] as const)('on version 2 %j limits swap alone', (memory, properties) => {
  expect(Object.fromEntries(planProperties({ memory }).properties)).toEqual(properties);
});

test('swap is not limited where it cannot be told from memory', () => {
  expect(() => planProperties({ memory: { maxWithSwap: '96m' } })).toThrow(
    expect.objectContaining({ code: 'EOPNOTSUPP', path: 'memory.maxWithSwap' }),
  );
});

test('files of version 2 are the properties that systemd writes there; others are left out and listed', () => {
  const unified = {
    'cpu.max': '50000 20000',
    'cpu.weight': '50',
    'cpuset.cpus': '0-1,9',
    'memory.high': 'max',
    'memory.oom.group': '1',
    'pids.max': '20',
    'memory.low': '1m',
  };
  const { properties, leftOut } = planProperties({ unified }, 'best-effort');
  expect(Object.fromEntries(properties)).toEqual({
    CPUQuotaPerSecUSec: ['t', '2500000'],
    CPUQuotaPeriodUSec: ['t', '20000'],
    CPUWeight: ['t', '50'],
    AllowedCPUs: ['ay', [3, 2]],
    MemoryHigh: ['t', INFINITY],
    TasksMax: ['t', '20'],
  });
  expect(leftOut.map(({ resource }) => resource)).toEqual(['unified.memory.oom.group', 'unified.memory.low']);
  const given = planProperties({ unified }, 'best-effort', { controllers: new Set(['pids']) });
  expect(given.properties).toEqual([['TasksMax', ['t', '20']]]);
  expect(planProperties({ unified }, 'best-effort', { version: 1 }).properties).toEqual([]);
});

test("a quota of version 2's file without a period is one of the kernel's usual period", () => {
  const { properties, others } = unifiedProperties({ 'cpu.max': '50000' });
  expect(properties).toEqual(unifiedProperties({ 'cpu.max': '50000 100000' }).properties);
  expect(others).toEqual([]);
});

test.each([
  ['cpu.weight', 'CPUWeight'],
  ['memory.high', 'MemoryHigh'],
  ['memory.low', 'MemoryLow'],
  ['memory.max', 'MemoryMax'],
  ['memory.min', 'MemoryMin'],
  ['memory.swap.max', 'MemorySwapMax'],
  ['memory.zswap.max', 'MemoryZSwapMax'],
  ['pids.max', 'TasksMax'],
])('%s is %s to systemd', (file, name) => {
  expect(unifiedProperties({ [file]: ' 77\n' })).toEqual({ properties: [[name, ['t', '77']]], others: [] });
});
