import { describe, expect, test } from '@jest/globals';
import { create, detect, plan } from '../src/index.ts';
import * as machines from './machines.ts';

const machineOf = (fixture: machines.MachineFixture) => detect(machines.factsOf(fixture));

describe('on version 1', () => {
  const machine = machineOf(machines.comounted);

  test('a group below the caller’s own in each hierarchy', () => {
    const planned = plan({ machine, name: 'box', limits: { pids: 20 } });
    expect(planned).toMatchObject({ version: 'v1', joinDirectory: undefined });
    expect(planned?.directories).toEqual([
      '/sys/fs/cgroup/pids/user.slice/user-0.slice/box',
      '/sys/fs/cgroup/memory/user.slice/box',
      '/sys/fs/cgroup/cpu,cpuacct/user.slice/box',
      '/sys/fs/cgroup/freezer/box',
    ]);
    expect(planned?.create.at(-1)).toMatchObject({ kind: 'write', value: '20' });
  });

  test('groups on the way are made first, in each hierarchy', () => {
    const paths = plan({ machine, name: 'coracle/box' })?.create.map(({ path }) => path) ?? [];
    expect(paths.slice(0, 4)).toContain('/sys/fs/cgroup/freezer/coracle');
    expect(paths.indexOf('/sys/fs/cgroup/freezer/coracle')).toBeLessThan(
      paths.indexOf('/sys/fs/cgroup/freezer/coracle/box'),
    );
  });

  test('its numbers are read from the files it names', () => {
    const planned = plan({ machine, name: 'box' });
    const path = '/sys/fs/cgroup/pids/user.slice/user-0.slice/box/pids.current';
    expect(planned?.statFiles).toContain(path);
    expect(planned?.parseStats(new Map([[path, '4\n']])).pids).toBe(4n);
  });
});

describe('on version 2', () => {
  test('one directory, which a process can be born in; counted although nothing is limited', () => {
    const planned = plan({ machine: machineOf(machines.laptopRoot), name: 'box' });
    expect(planned).toMatchObject({ version: 'v2', joinDirectory: '/sys/fs/cgroup/box', joinFiles: [] });
    expect(planned?.create[0]).toMatchObject({ value: '+cpu +memory +pids' });
    expect(planned?.parseStats(new Map([['/sys/fs/cgroup/box/pids.current', '4\n']])).pids).toBe(4n);
  });

  test('a controller that cannot be handed down is not asked for', () => {
    const planned = plan({ machine: machineOf(machines.laptopUser), name: 'box', limits: { pids: 20 } });
    expect(planned?.create[0]).toMatchObject({ value: '+pids +memory' });
  });
});

describe('a limit that cannot be had', () => {
  test.each([
    ['version 1 and an ordinary user', machines.comountedUser, 'version 1 cannot be given', 'run as root'],
    ['nothing mounted', machines.nothing, 'no cgroups are mounted', 'sudo mount -t cgroup2'],
    ['a session without delegation', machines.laptopSession, 'no group of version 2 is delegated', 'Delegate='],
    ['a controller that is not handed down', machines.laptopUser, 'may not hand down the controller cpu', 'Delegate='],
  ])('%s: reason and remedy', (_, fixture, reason, fix) => {
    const machine = machineOf(fixture);
    const refusal = expect.objectContaining({
      code: 'EOPNOTSUPP',
      path: 'cpus',
      message: expect.stringContaining(reason),
      hint: expect.stringContaining(fix),
    });
    expect(() => plan({ machine, name: 'box', limits: { cpus: 1 } })).toThrow(refusal);
    expect(() => create('box', { cpus: 1 }, { machine })).toThrow(refusal);
  });

  test('to lift a limit needs its controller too', () => {
    expect(() => plan({ machine: machineOf(machines.nothing), name: 'box', limits: { pids: 'max' } })).toThrow(
      expect.objectContaining({ code: 'EOPNOTSUPP' }),
    );
  });

  test('limits that only different versions can set', () => {
    const machine = {
      ...machineOf(machines.comounted),
      resources: { pids: { version: 'v1' }, memory: { version: 'v2' }, cpus: { version: 'v2' } },
      v2: { parent: '/sys/fs/cgroup/unified', controllers: ['memory', 'cpu'] },
    } as const;
    expect(() => plan({ machine, name: 'box', limits: { pids: 1, memory: 1n } })).toThrow(
      expect.objectContaining({ code: 'EOPNOTSUPP', message: expect.stringContaining('pids can only be limited') }),
    );
    expect(plan({ machine, name: 'box', limits: { memory: 1n } })?.version).toBe('v2');
    expect(plan({ machine, name: 'box', limits: { pids: 1 } })?.version).toBe('v1');
  });

  test('one that cannot be meant is EINVAL, not EOPNOTSUPP', () => {
    expect(() => plan({ machine: machineOf(machines.laptopRoot), name: 'box', limits: { cpus: 0 } })).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
  });
});

describe('no group to be had', () => {
  const machine = machineOf(machines.laptopSession);

  test('is no error of the plan while nothing is limited', () => {
    expect(plan({ machine, name: 'box' })).toBeUndefined();
  });

  test('is one of create, which has to give a group', () => {
    expect(() => create('box', {}, { machine })).toThrow(
      expect.objectContaining({
        code: 'EOPNOTSUPP',
        path: 'box',
        message: expect.stringContaining('no group of version 2 is delegated to you'),
        hint: expect.stringContaining('Delegate='),
      }),
    );
  });
});
