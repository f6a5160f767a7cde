import type { Machine } from '@coracle/cgroups';
import { renderStep } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { doorsOf, planGroup } from '../../src/cgroup/cgroup-for.ts';
import type { LimitOptions } from '../../src/options/options.ts';

const available = (version: 'v1' | 'v2'): Pick<Machine, 'resources' | 'swap' | 'devices'> => ({
  resources: { pids: { version }, memory: { version }, cpus: { version } },
  swap: { version },
  devices: { version },
});
const V1: Machine = {
  version: 'v1',
  ...available('v1'),
  v1: { pids: '/cg/pids', devices: '/cg/devices' },
  cpuset: undefined,
  v2: undefined,
};
const V2: Machine = {
  version: 'v2',
  ...available('v2'),
  v1: {},
  cpuset: undefined,
  v2: { parent: '/cg', controllers: ['pids'] },
};

const planOn = (machine: Machine): NonNullable<ReturnType<typeof planGroup>['plan']> => {
  const { plan } = planGroup({
    machine,
    id: 'abc',
    limits: { pids: 20 },
    explicit: {},
    devices:
      machine === V1
        ? [
            { allow: false },
            { allow: true, type: 'c', major: 1, minor: 3 },
            { allow: true, type: 'c', major: 1, minor: 5 },
          ]
        : undefined,
    needsDevices: machine === V1,
  });
  if (!plan) throw new Error('no cgroup was planned');
  return plan;
};

describe('the cgroup of a container', () => {
  test('of version 1 is joined by the file of a single thread, which stops nobody else', () => {
    const plan = planOn(V1);
    expect(plan.joinFiles).toEqual(['/cg/pids/coracle-abc/tasks', '/cg/devices/coracle-abc/tasks']);
    expect(doorsOf(plan)).toEqual(plan.joinFiles);
  });

  test('of version 2 is born into, and further programs join it by its processes', () => {
    const plan = planOn(V2);
    expect({ ...plan, joinFiles: [...plan.joinFiles] }).toMatchObject({
      joinFiles: [],
      joinDirectory: '/cg/coracle-abc',
    });
    expect(doorsOf(plan)).toEqual(['/cg/coracle-abc/cgroup.procs']);
  });

  test('has each file opened once for all the values in a row', () => {
    const calls = planOn(V1).create.map(renderStep);
    const devices = calls.slice(calls.findIndex((call) => call.includes('devices.allow')));
    expect(devices).toEqual([
      'openat(AT_FDCWD, "/cg/devices/coracle-abc/devices.allow", O_WRONLY|O_CLOEXEC, 0) -> <file>',
      'write(<file>, "c 1:3 rwm", 9)',
      'write(<file>, "c 1:5 rwm", 9)',
      'close(<file>)',
    ]);
  });

  test('has all that is made and opened told by its path, for errors', () => {
    const made = planOn(V1).create.filter(({ syscall }) => syscall === 'mkdirat' || syscall === 'openat');
    expect(made.length).toBeGreaterThan(2);
    for (const { args, on } of made) expect(on).toBe(args[1]);
  });

  test('has each value told with its file, for errors', () => {
    const written = planOn(V1).create.filter(({ syscall }) => syscall === 'write');
    expect(written.map(({ on }) => on)).toEqual(
      [
        'pids/coracle-abc/pids.max',
        ...['deny', 'allow', 'allow'].map((list) => `devices/coracle-abc/devices.${list}`),
      ].map((file) => `/cg/${file}`),
    );
  });
});

describe('a limit on memory where the kernel does not count swap', () => {
  const reason = 'the kernel does not count what is swapped out';
  const machine: Machine = { ...V2, swap: { version: undefined, reason, fix: 'boot with swapaccount=1' } };
  const limits = { memory: { max: 64n << 20n, maxWithSwap: 128n << 20n } };
  const planFor = (explicit: LimitOptions): ReturnType<typeof planGroup> =>
    planGroup({ machine, id: 'abc', limits, explicit, devices: undefined, needsDevices: false });

  test('is one on memory alone, and that is told', () => {
    const { inForce, missing, plan } = planFor({ memory: '64m' });
    expect(inForce).toEqual({ memory: 64n << 20n });
    expect(missing).toEqual([{ what: 'swap', reason, fix: 'boot with swapaccount=1' }]);
    expect(plan?.create.map(renderStep).filter((call) => call.includes('swap'))).toEqual([]);
  });

  test('is refused where swap was to be limited', () => {
    expect(() => planFor({ memory: '64m', memoryWithSwap: '128m' })).toThrow(
      expect.objectContaining({ code: 'EOPNOTSUPP', path: 'swap', hint: 'boot with swapaccount=1' }),
    );
  });
});
