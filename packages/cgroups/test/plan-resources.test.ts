import { describe, expect, test } from '@jest/globals';
import { create, detectAll, planResources, type Resources } from '../src/index.ts';
import * as machines from './machines.ts';

const machineOf = (fixture: machines.MachineFixture) => detectAll(machines.factsOf(fixture));

describe('all controllers of a machine', () => {
  test('on version 2: those that can be handed down, and why not the others', () => {
    const { controllers, hierarchies } = machineOf(machines.laptopRoot);
    expect(hierarchies).toEqual({});
    expect(controllers).toMatchObject({
      ...Object.fromEntries(
        ['pids', 'memory', 'cpu', 'cpuset', 'io', 'hugetlb', 'rdma', 'misc'].map((name) => [name, { version: 'v2' }]),
      ),
      net_cls: { version: undefined, fix: expect.stringContaining('net_cls') },
      net_prio: { version: undefined },
    });
  });

  test('on version 1: those whose hierarchy can be written to', () => {
    const { controllers, hierarchies } = machineOf(machines.rich);
    expect(hierarchies).toMatchObject({ cpuset: '/sys/fs/cgroup/cpuset' });
    expect(controllers).toMatchObject({
      cpuset: { version: 'v1' },
      net_cls: {
        version: undefined,
        reason: '/sys/fs/cgroup/net_cls,net_prio is mounted read-only, as in most containers',
      },
      io: {
        version: undefined,
        reason: 'the controller blkio is not mounted',
        fix: expect.stringContaining('-o blkio'),
      },
    });
  });

  test('version 1 with another controller on version 2', () => {
    expect(machineOf(machines.separate).controllers.hugetlb).toEqual({ version: 'v2' });
  });

  test('a user is told which controllers to have delegated', () => {
    expect(machineOf(machines.laptopUser).controllers.io).toMatchObject({
      reason: expect.stringContaining('may not hand down the controller io'),
      fix: expect.stringContaining('Delegate=cpu memory pids io'),
    });
  });
});

describe('the plan of a group with resources', () => {
  const pathsOf = (fixture: machines.MachineFixture, name: string, resources: Resources): string[] =>
    planResources({ machine: machineOf(fixture), name, resources })?.create.map((one) =>
      one.kind === 'write' ? `${one.path}=${one.value}` : one.path,
    ) ?? [];

  test('on version 2 hands their controllers down, and writes last', () => {
    const [handDown, directory, ...writes] = pathsOf(machines.laptopRoot, 'box', {
      io: { weight: 1000 },
      unified: { 'hugetlb.2MB.max': '0' },
    });
    expect(handDown).toMatch(/^\/sys\/fs\/cgroup\/cgroup\.subtree_control=.*\+io \+hugetlb/);
    expect([directory, ...writes]).toEqual([
      '/sys/fs/cgroup/box',
      '/sys/fs/cgroup/box/io.weight=10000',
      '/sys/fs/cgroup/box/hugetlb.2MB.max=0',
    ]);
  });

  test('on version 2 hands down what else is asked for, which takes no further group', () => {
    const handed = (controllers: string[] | undefined, fixture = machines.laptopRoot): string[] =>
      (planResources({ machine: machineOf(fixture), name: 'a/box', controllers })?.create ?? []).flatMap((one) =>
        one.kind === 'write' ? [`${one.path}=${one.value}`] : [],
      );
    const usual = '+cpu +memory +pids';
    expect(handed(['cpuset', 'pids'])).toEqual([
      `/sys/fs/cgroup/cgroup.subtree_control=${usual} +cpuset`,
      `/sys/fs/cgroup/a/cgroup.subtree_control=${usual} +cpuset`,
    ]);
    expect(handed(undefined)[0]).toBe(`/sys/fs/cgroup/cgroup.subtree_control=${usual}`);
    expect(handed(['cpuset'], machines.rich)).toEqual(handed(undefined, machines.rich));
  });

  test('on version 1 it lies in the hierarchies that count and kill, and in those the resources need', () => {
    const all = pathsOf(machines.rich, 'box', { memory: { low: 1 } });
    expect(all).not.toContainEqual(expect.stringContaining('cpuset'));
    expect(all.at(-1)).toMatch(/memory\.soft_limit_in_bytes=1$/);
    expect(pathsOf(machines.rich, 'box', { cpuset: { cpus: '0' } })).toContain('/sys/fs/cgroup/cpuset/box');
  });

  test('where the versions share the controllers each has its part', () => {
    const planned = planResources({
      machine: machineOf(machines.split),
      name: 'box',
      resources: { pids: 3, memory: { high: 5 }, io: { weight: 10 } },
    });
    expect(planned).toMatchObject({ version: 'hybrid', leftOut: [] });
    expect(planned?.create.map(({ path }) => path)).toEqual([
      '/sys/fs/cgroup/pids/box',
      '/sys/fs/cgroup/pids/box/pids.max',
      '/sys/fs/cgroup/unified/cgroup.subtree_control',
      '/sys/fs/cgroup/unified/box',
      '/sys/fs/cgroup/unified/box/memory.high',
      '/sys/fs/cgroup/unified/box/io.weight',
    ]);
  });

  test('rules for devices come with it', () => {
    const machine = machineOf(machines.asRoot(machines.laptopRoot));
    expect(planResources({ machine, name: 'box', devices: [] })?.deviceProgram?.directory).toBe('/sys/fs/cgroup/box');
  });

  test('is none where there is no group to be had and nothing is asked for', () => {
    expect(planResources({ machine: machineOf(machines.nothing), name: 'box' })).toBeUndefined();
  });
});

describe('resources that cannot be had', () => {
  test.each<[string, machines.MachineFixture, Resources, string, string]>([
    ['a controller that is not there', machines.comounted, { io: {} }, 'io', 'the controller blkio is not mounted'],
    [
      'one of version 1 only',
      machines.laptopRoot,
      { network: { classId: 1 } },
      'network.classId',
      'the controller net_cls, which only version 1 has',
    ],
    [
      'priorities likewise',
      machines.laptopRoot,
      { network: { priorities: { lo: 1 } } },
      'network.priorities',
      'net_prio',
    ],
    [
      'a file of version 2',
      machines.split,
      { unified: { 'pids.max': '1' } },
      "unified['pids.max']",
      'version 2 has no controller pids here',
    ],
    [
      'a field its version lacks',
      machines.comounted,
      { memory: { high: 1 } },
      'memory.high',
      'version 1 of cgroups has no memory.high',
    ],
    [
      'a field the other version lacks',
      machines.laptopRoot,
      { memory: { swappiness: 1 } },
      'memory.swappiness',
      'version 2 of cgroups has no memory.swappiness',
    ],
  ])(
    '%s: an error with the reason, and nothing is made; by best effort it is left out',
    (_, fixture, resources, path, reason) => {
      const machine = machineOf(fixture);
      const refusal = expect.objectContaining({ code: 'EOPNOTSUPP', path, message: expect.stringContaining(reason) });
      expect(() => planResources({ machine, name: 'box', resources })).toThrow(refusal);
      expect(() => create('box', resources, { machine })).toThrow(refusal);
      const planned = planResources({ machine, name: 'box', resources, mode: 'best-effort' });
      expect(planned?.leftOut).toEqual([
        { resource: path, reason: expect.stringContaining(reason), alternative: expect.stringMatching(/./) },
      ]);
    },
  );

  test('best effort plans the rest, on either version', () => {
    const resources = { pids: 3, memory: { max: 4, high: 5, swappiness: 6 }, network: { classId: 1 } };
    const planOn = (fixture: machines.MachineFixture) =>
      planResources({ machine: machineOf(fixture), name: 'box', resources, mode: 'best-effort' });
    const [v1, v2] = [planOn(machines.comounted), planOn(machines.laptopRoot)];
    expect(v1?.leftOut.map(({ resource }) => resource)).toEqual(['network.classId', 'memory.high']);
    expect(v2?.leftOut.map(({ resource }) => resource)).toEqual(['network.classId', 'memory.swappiness']);
    expect(v2?.create.slice(-3).map(({ path }) => path.slice(path.lastIndexOf('/')))).toEqual([
      '/pids.max',
      '/memory.high',
      '/memory.max',
    ]);
  });
});
