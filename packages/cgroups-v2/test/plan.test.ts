import { describe, expect, test } from '@jest/globals';
import { CONTROLLER_OF, clearOfProcesses, planCreate, planLimits } from '../src/index.ts';

const place = { parent: '/sys/fs/cgroup', name: 'box' };

describe('the writes that set limits', () => {
  test.each([
    ['nothing asked', {}, []],
    ['pids zero', { pids: 0 }, [['/box/pids.max', '0']]],
    ['pids', { pids: 20 }, [['/box/pids.max', '20']]],
    ['pids lifted', { pids: 'max' as const }, [['/box/pids.max', 'max']]],
    ['memory zero', { memory: 0n }, [['/box/memory.max', '0']]],
    ['memory', { memory: 64n << 20n }, [['/box/memory.max', '67108864']]],
    ['memory lifted', { memory: 'max' as const }, [['/box/memory.max', 'max']]],
    [
      'memory, and less swap',
      { memory: { max: 64n, maxWithSwap: 80n } },
      [
        ['/box/memory.swap.max', '16'],
        ['/box/memory.max', '64'],
      ],
    ],
    [
      'memory, and swap lifted',
      { memory: { max: 64n, maxWithSwap: 'max' as const } },
      [
        ['/box/memory.swap.max', 'max'],
        ['/box/memory.max', '64'],
      ],
    ],
    ['swap lifted', { memory: { maxWithSwap: 'max' as const } }, [['/box/memory.swap.max', 'max']]],
    ['cpus', { cpus: 0.5 }, [['/box/cpu.max', '50000 100000']]],
    ['cpus, the least the kernel takes', { cpus: 0.01 }, [['/box/cpu.max', '1000 100000']]],
    ['cpus lifted', { cpus: 'max' as const }, [['/box/cpu.max', 'max 100000']]],
  ])('%s', (_, limits, writes) => {
    expect(planLimits('/box', limits).map((one) => (one.kind === 'write' ? [one.path, one.value] : one))).toEqual(
      writes,
    );
  });

  test('each says why, in words for the user', () => {
    expect(planLimits('/box', { pids: 20, memory: 'max', cpus: 2 }).map(({ why }) => why)).toEqual([
      'allow 20 processes',
      'allow max bytes of memory',
      "allow 2 processors' worth of time",
    ]);
  });

  test.each([
    ['pids', { pids: -1 }],
    ['memory', { memory: -1n }],
    ['cpus', { cpus: 0 }],
  ])('a limit of %s that cannot be meant', (path, limits) => {
    expect(() => planLimits('/box', limits)).toThrow(expect.objectContaining({ code: 'EINVAL', path }));
  });
});

describe('the plan of a group', () => {
  test('its parent hands the controllers down, then it is made, then limited', () => {
    expect(planCreate(place, { pids: 20 }).create).toEqual([
      {
        kind: 'write',
        path: '/sys/fs/cgroup/cgroup.subtree_control',
        value: '+pids',
        why: 'hand the controllers down',
      },
      { kind: 'mkdir', path: '/sys/fs/cgroup/box', why: 'make a cgroup' },
      { kind: 'write', path: '/sys/fs/cgroup/box/pids.max', value: '20', why: 'allow 20 processes' },
    ]);
  });

  test('a path of names hands the controllers down at every step, and never from the group itself', () => {
    const { create, directories } = planCreate({ parent: '/top', name: 'a/b/box' }, { cpus: 1 });
    expect(create.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      'write /top/cgroup.subtree_control',
      'mkdir /top/a',
      'write /top/a/cgroup.subtree_control',
      'mkdir /top/a/b',
      'write /top/a/b/cgroup.subtree_control',
      'mkdir /top/a/b/box',
      'write /top/a/b/box/cpu.max',
    ]);
    expect(directories).toEqual(['/top/a/b/box']);
  });

  test('without limits and controllers a directory is all it takes', () => {
    expect(planCreate(place).create).toEqual([{ kind: 'mkdir', path: '/sys/fs/cgroup/box', why: 'make a cgroup' }]);
  });

  test('controllers for statistics are handed down in the same write, each once', () => {
    const [first] = planCreate(place, { pids: 1, cpus: 'max' }, ['memory', 'pids']).create;
    expect(first).toMatchObject({ value: '+pids +cpu +memory' });
  });

  test('a process can be born in it, so nothing is written to join', () => {
    expect(planCreate(place)).toMatchObject({ joinDirectory: '/sys/fs/cgroup/box', joinFiles: [] });
  });

  test('reads its statistics from its own directory', () => {
    const { statFiles } = planCreate(place);
    expect(statFiles).toContain('/sys/fs/cgroup/box/memory.peak');
    expect(statFiles.every((path) => path.startsWith('/sys/fs/cgroup/box/'))).toBe(true);
  });
});

test('the controller of processors is called cpu', () => {
  expect(CONTROLLER_OF).toEqual({ pids: 'pids', memory: 'memory', cpus: 'cpu' });
});

describe('the operations of a group for whole processes', () => {
  const { create } = planCreate({ parent: '/sys/fs/cgroup', name: 'jobs/box' }, { pids: 20 });
  const files = (jobs: string) => ({
    '/sys/fs/cgroup/cgroup.procs': '1\n',
    '/sys/fs/cgroup/jobs/cgroup.type': 'domain\n',
    '/sys/fs/cgroup/jobs/cgroup.procs': jobs,
  });
  const run = (jobs: string) => [
    ...clearOfProcesses(create, (path) => Object.entries(files(jobs)).find(([one]) => one === path)?.[1]),
  ];

  test('go on below the top of the tree, which may have processes, and below groups without', () => {
    expect(run('')).toEqual(create);
  });

  test('end before a group with processes hands down what threads can have, which the kernel would take', () => {
    expect(() => run('7\n8\n')).toThrow(
      expect.objectContaining({
        code: 'EBUSY',
        path: '/sys/fs/cgroup/jobs/cgroup.subtree_control',
        message: expect.stringContaining('processes live in the group itself (7, 8)'),
      }),
    );
  });
});
