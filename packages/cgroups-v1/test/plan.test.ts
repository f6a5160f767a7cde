import { describe, expect, test } from '@jest/globals';
import { directoriesOf, type Place, planCreate, planDevices, planLimits } from '../src/index.ts';

const place: Place = { pids: '/pids/box', memory: '/memory/box', cpu: '/cpu/box', cpuacct: '/cpuacct/box' };
const comounted: Place = { pids: '/pids/box', cpu: '/cpu,cpuacct/box', cpuacct: '/cpu,cpuacct/box' };

describe('the writes that set limits', () => {
  test.each([
    ['nothing asked', {}, []],
    ['pids zero', { pids: 0 }, [['/pids/box/pids.max', '0']]],
    ['pids', { pids: 20 }, [['/pids/box/pids.max', '20']]],
    ['pids lifted', { pids: 'max' as const }, [['/pids/box/pids.max', 'max']]],
    ['memory zero', { memory: 0n }, [['/memory/box/memory.limit_in_bytes', '0']]],
    ['memory', { memory: 64n << 20n }, [['/memory/box/memory.limit_in_bytes', '67108864']]],
    ['memory lifted', { memory: 'max' as const }, [['/memory/box/memory.limit_in_bytes', '-1']]],
    [
      'cpus',
      { cpus: 0.5 },
      [
        ['/cpu/box/cpu.cfs_period_us', '100000'],
        ['/cpu/box/cpu.cfs_quota_us', '50000'],
      ],
    ],
    [
      'memory, and less swap',
      { memory: { max: 64n, maxWithSwap: 80n } },
      [
        ['/memory/box/memory.limit_in_bytes', '64'],
        ['/memory/box/memory.memsw.limit_in_bytes', '80'],
      ],
    ],
    [
      'memory, and swap lifted',
      { memory: { max: 64n, maxWithSwap: 'max' as const } },
      [
        ['/memory/box/memory.limit_in_bytes', '64'],
        ['/memory/box/memory.memsw.limit_in_bytes', '-1'],
      ],
    ],
    [
      'cpus, the least the kernel takes',
      { cpus: 0.01 },
      [
        ['/cpu/box/cpu.cfs_period_us', '100000'],
        ['/cpu/box/cpu.cfs_quota_us', '1000'],
      ],
    ],
    [
      'cpus lifted',
      { cpus: 'max' as const },
      [
        ['/cpu/box/cpu.cfs_period_us', '100000'],
        ['/cpu/box/cpu.cfs_quota_us', '-1'],
      ],
    ],
  ])('%s', (_, limits, writes) => {
    expect(planLimits(place, limits).map((one) => (one.kind === 'write' ? [one.path, one.value] : one))).toEqual(
      writes,
    );
  });

  test('each says why, in words for the user', () => {
    expect(planLimits(place, { pids: 20, memory: 'max', cpus: 2 }).map(({ why }) => why)).toEqual([
      'allow 20 processes',
      'allow max bytes of memory',
      "allow 2 processors' worth of time",
      "allow 2 processors' worth of time",
    ]);
  });

  test.each([
    ['pids' as const, { memory: '/memory/box' }, { pids: 20 }],
    ['memory' as const, { pids: '/pids/box' }, { memory: 1n }],
    ['cpu' as const, { cpuacct: '/cpuacct/box' }, { cpus: 1 }],
  ])('a limit without its controller %s says what to do', (controller, lacking, limits) => {
    expect(() => planLimits(lacking, limits)).toThrow(
      expect.objectContaining({
        code: 'ENOENT',
        message: expect.stringContaining(`the group has no directory of the controller ${controller}`),
        hint: expect.stringContaining(`mount -t cgroup -o ${controller} none /sys/fs/cgroup/${controller}`),
      }),
    );
  });

  test('a missing controller does not matter while nothing is asked of it', () => {
    expect(planLimits({}, {})).toEqual([]);
  });

  test('cpus zero cannot be meant', () => {
    expect(() => planLimits(place, { cpus: 0 })).toThrow(expect.objectContaining({ code: 'EINVAL', path: 'cpus' }));
  });
});

describe('the plan of a group', () => {
  test('makes a directory in each hierarchy before a limit is written', () => {
    expect(planCreate(place, { pids: 20 }).create).toEqual([
      { kind: 'mkdir', path: '/pids/box', why: 'make a cgroup' },
      { kind: 'mkdir', path: '/memory/box', why: 'make a cgroup' },
      { kind: 'mkdir', path: '/cpu/box', why: 'make a cgroup' },
      { kind: 'mkdir', path: '/cpuacct/box', why: 'make a cgroup' },
      { kind: 'write', path: '/pids/box/pids.max', value: '20', why: 'allow 20 processes' },
    ]);
  });

  test('controllers mounted together share a directory, a join file and nothing else', () => {
    const plan = planCreate(comounted);
    expect(directoriesOf(comounted)).toEqual(['/pids/box', '/cpu,cpuacct/box']);
    expect(plan.directories).toEqual(['/pids/box', '/cpu,cpuacct/box']);
    expect(plan.joinFiles).toEqual(['/pids/box/cgroup.procs', '/cpu,cpuacct/box/cgroup.procs']);
    expect(plan.create).toHaveLength(2);
  });

  test('groups above are made first and are not the group’s own', () => {
    const plan = planCreate({ pids: '/pids/a/box' }, {}, { parents: ['/pids/a'] });
    expect(plan.create.map(({ path }) => path)).toEqual(['/pids/a', '/pids/a/box']);
    expect(plan.directories).toEqual(['/pids/a/box']);
  });

  test('has no directory to be born in: that is version 2', () => {
    expect(planCreate(place).joinDirectory).toBeUndefined();
  });

  test('reads statistics only of controllers it has', () => {
    expect(planCreate({ pids: '/pids/box' }).statFiles).toEqual(['/pids/box/pids.events']);
    expect(planCreate({}).statFiles).toEqual([]);
  });

  test('a limit that cannot be had leaves no plan at all', () => {
    expect(() => planCreate({ pids: '/pids/box' }, { memory: 1n })).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});

describe('the writes that put rules for devices in force', () => {
  const devices = '/devices/box';
  const rules = [{ allow: false }, { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }];

  test('the rest first, then each exception', () => {
    expect(planDevices(rules, { devices })).toEqual([
      { kind: 'write', path: '/devices/box/devices.deny', value: 'a *:* rwm', why: 'deny every device' },
      { kind: 'write', path: '/devices/box/devices.allow', value: 'c 1:3 rw', why: 'allow the device c 1:3 rw' },
    ]);
    expect(planDevices([{ allow: true }, { allow: false, type: 'b' }], { devices })).toMatchObject([
      { path: '/devices/box/devices.allow', value: 'a *:* rwm' },
      { path: '/devices/box/devices.deny', value: 'b *:* rwm' },
    ]);
  });

  test('a group with rules has its directory before them; without rules nothing is written', () => {
    const paths = planCreate({ devices }, {}, { devices: rules }).create.map(({ path }) => path);
    expect(paths).toEqual([devices, `${devices}/devices.deny`, `${devices}/devices.allow`]);
    expect(planCreate({ devices }).create).toHaveLength(1);
  });

  test('a list without rules denies everything', () => {
    expect(planDevices([], { devices })).toMatchObject([{ path: '/devices/box/devices.deny', value: 'a *:* rwm' }]);
  });

  test('without the controller: how to mount it', () => {
    expect(() => planCreate(place, {}, { devices: rules })).toThrow(
      expect.objectContaining({
        code: 'ENOENT',
        hint: expect.stringContaining('mount -t cgroup -o devices none /sys/fs/cgroup/devices'),
      }),
    );
  });
});
