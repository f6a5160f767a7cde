import { describe, expect, test } from '@jest/globals';
import { create, detect, detectAll, type Limits, plan } from '../src/index.ts';
import * as machines from './machines.ts';

const machineOf = (fixture: machines.MachineFixture) => detect(machines.factsOf(fixture));
const fullMachineOf = (fixture: machines.MachineFixture) => detectAll(machines.factsOf(fixture));

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

  test('one that limits memory or processors has the hierarchies without which the JVM does not take it for its own', () => {
    const directoriesFor = (limits: Limits): readonly string[] | undefined =>
      plan({ machine: machineOf(machines.rich), name: 'box', limits })?.directories;
    for (const limits of [{ memory: 64n << 20n }, { cpus: 0.5, pids: 20 }] as Limits[])
      expect(directoriesFor(limits)).toEqual([...(directoriesFor({}) ?? []), '/sys/fs/cgroup/cpuset/box']);
    expect(directoriesFor({ pids: 20 })).toEqual(directoriesFor({}));
    const unwritable = { ...machines.rich, writable: machines.comounted.writable };
    expect(plan({ machine: machineOf(unwritable), name: 'box', limits: { memory: 64n << 20n } })?.directories).toEqual(
      directoriesFor({}),
    );
  });

  test('swap is limited where the kernel counts it, and where it has none nothing is written for it', () => {
    const writes = (
      more: machines.MachineFixture['files'],
      limits: Limits = { memory: { max: 64n, maxWithSwap: 80n } },
    ): string[] | undefined =>
      plan({
        machine: machineOf({ ...machines.comounted, files: { ...machines.comounted.files, ...more } }),
        name: 'box',
        limits,
      })?.create.flatMap((one) => (one.kind === 'write' ? [`${one.path.split('/').at(-1)}=${one.value}`] : []));
    const limit = 'memory.limit_in_bytes=64';
    const file = '/sys/fs/cgroup/memory/user.slice/memory.memsw.limit_in_bytes';
    expect(writes({ [file]: '9223372036854771712\n' })).toEqual([limit, 'memory.memsw.limit_in_bytes=80']);
    expect(writes({})).toEqual([limit]);
    expect(writes({ '/proc/swaps': 'Filename\n' }, { memory: { max: 64n, maxWithSwap: 'max' } })).toEqual([limit]);
    expect(() => writes({ '/proc/swaps': 'Filename\n' })).toThrow(
      expect.objectContaining({ code: 'EOPNOTSUPP', path: 'swap', hint: expect.stringContaining('swapaccount=1') }),
    );
  });

  test('its numbers are read from the files it names', () => {
    const planned = plan({ machine, name: 'box' });
    const path = '/sys/fs/cgroup/pids/user.slice/user-0.slice/box/pids.events';
    expect(planned?.statFiles).toContain(path);
    expect(planned?.parseStats(new Map([[path, 'max 4\n']])).pids).toEqual({ limitHits: 4n });
  });
});

describe('on version 2', () => {
  test('one directory, which a process can be born in; counted although nothing is limited', () => {
    const planned = plan({ machine: machineOf(machines.laptopRoot), name: 'box' });
    expect(planned).toMatchObject({ version: 'v2', joinDirectory: '/sys/fs/cgroup/box', joinFiles: [] });
    expect(planned?.create[0]).toMatchObject({ value: '+cpu +memory +pids' });
    expect(planned?.parseStats(new Map([['/sys/fs/cgroup/box/pids.events', 'max 4\n']])).pids).toEqual({
      limitHits: 4n,
    });
  });

  test('a controller that cannot be handed down is not asked for', () => {
    const planned = plan({ machine: machineOf(machines.laptopUser), name: 'box', limits: { pids: 20 } });
    expect(planned?.create[0]).toMatchObject({ value: '+pids +memory' });
  });
});

describe('on a hybrid machine whose versions share the controllers', () => {
  const machine = machineOf(machines.split);
  const V1 = '/sys/fs/cgroup/pids/box';
  const V2 = '/sys/fs/cgroup/unified/box';

  test('limits of both versions: one group in both, each limit where its controller is', () => {
    const planned = plan({ machine, name: 'box', limits: { pids: 20, memory: 4096n, cpus: 'max' } });
    expect(planned).toMatchObject({
      version: 'hybrid',
      directories: [V1, V2],
      joinFiles: [`${V1}/cgroup.procs`],
      joinDirectory: V2,
    });
    expect(planned?.create.map((one) => (one.kind === 'write' ? `${one.path} = ${one.value}` : one.path))).toEqual([
      V1,
      `${V1}/pids.max = 20`,
      '/sys/fs/cgroup/unified/cgroup.subtree_control = +memory +cpu',
      V2,
      `${V2}/memory.max = 4096`,
      `${V2}/cpu.max = max 100000`,
    ]);
  });

  test('its numbers come from the version that counts them', () => {
    const planned = plan({ machine, name: 'box', limits: { pids: 20, memory: 4096n } });
    const texts = new Map([
      [`${V1}/pids.events`, 'max 2\n'],
      [`${V2}/memory.peak`, '8192\n'],
      [`${V2}/cpu.stat`, 'usage_usec 77\n'],
    ]);
    expect([...texts.keys()].filter((path) => !planned?.statFiles.includes(path))).toEqual([]);
    expect(planned?.parseStats(texts)).toEqual({
      cpu: { usageNanoseconds: 77_000n },
      memory: { peakBytes: 8192n },
      pids: { limitHits: 2n },
    });
  });

  test.each([
    ['v1', { pids: 1 }, [V1]],
    ['v2', { memory: 1n }, [V2]],
    ['v1', {}, [V1]],
  ] as const)('one version alone, %s, where that is enough', (version, limits, directories) => {
    expect(plan({ machine, name: 'box', limits })).toMatchObject({ version, directories });
  });
});

describe('a name', () => {
  test.each(['../escape', 'a/../../b', '/abs', '', 'a//b', '.'])('%j would lead elsewhere and is refused', (name) => {
    for (const fixture of [machines.comounted, machines.laptopRoot, machines.split, machines.nothing]) {
      expect(() => plan({ machine: machineOf(fixture), name })).toThrow(
        expect.objectContaining({ code: 'EINVAL', path: name }),
      );
    }
  });
});

test('no plan writes release_agent or notify_on_release (CVE-2022-0492)', () => {
  for (const fixture of [machines.separate, machines.comounted, machines.laptopRoot, machines.split]) {
    const limits = { pids: 1, memory: 1n, cpus: 1 };
    const paths = plan({ machine: machineOf(fixture), name: 'a/box', limits })?.create.map(({ path }) => path) ?? [];
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter((path) => /release/.test(path))).toEqual([]);
  }
});

describe('a limit that cannot be had', () => {
  test.each([
    ['version 1 and an ordinary user', machines.comountedUser, 'version 1 cannot be given', 'run as root'],
    ['nothing mounted', machines.nothing, 'no cgroups are mounted', 'sudo mount -t cgroup2'],
    [
      'a session without delegation',
      machines.laptopSession,
      'no group of version 2 is delegated',
      'systemd-run --user --scope',
    ],
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
    expect(() => create('box', { cpus: 1 }, { machine: fullMachineOf(fixture) })).toThrow(refusal);
  });

  test('to lift a limit needs its controller too', () => {
    expect(() => plan({ machine: machineOf(machines.nothing), name: 'box', limits: { pids: 'max' } })).toThrow(
      expect.objectContaining({ code: 'EOPNOTSUPP' }),
    );
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
    expect(() => create('box', {}, { machine: fullMachineOf(machines.laptopSession) })).toThrow(
      expect.objectContaining({
        code: 'EOPNOTSUPP',
        path: 'box',
        message: expect.stringContaining('no group of version 2 is delegated to you'),
        hint: expect.stringContaining('systemd-run --user --scope -p Delegate=yes'),
      }),
    );
  });
});
