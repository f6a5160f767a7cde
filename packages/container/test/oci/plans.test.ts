import { parseConfigMountOptions } from '@coracle/chroot-fs/config';
import { mountOptions, type Namespace } from '@coracle/oci-spec';
import { renderStep, type Step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { joinsUserNamespace } from '../../src/ids/joined-user-namespace.ts';
import { checkLabels } from '../../src/oci/check-labels.ts';
import { checkOwnMounts } from '../../src/oci/check-own-mounts.ts';
import { needsLongMount } from '../../src/oci/long-mount.ts';
import { normalize } from '../../src/oci/normalize.ts';
import { parseNumberList } from '../../src/oci/number-list.ts';
import { planCgroupMount } from '../../src/oci/plan-cgroup-mount.ts';
import { givenMounts, type MountsContext, planMounts } from '../../src/oci/plan-mounts.ts';
import { planNamespaces } from '../../src/oci/plan-namespaces.ts';
import { planOomScore } from '../../src/oci/plan-oom-score.ts';
import { planSettings } from '../../src/oci/plan-settings.ts';
import { baseConfig, type ConfigParts } from './support/base-config.ts';

const normal = (parts: ConfigParts = {}): ReturnType<typeof normalize> =>
  normalize(baseConfig('true', parts), '/bundle');
const lines = (steps: readonly Step[]): string[] => steps.map(renderStep);
const calls = (steps: readonly Step[]): string[] => steps.map(({ syscall }) => syscall);
const refusal = (path: string): unknown => expect.objectContaining({ code: 'ERR_CORACLE_CONFIG', path });

describe('a configuration written out', () => {
  test('paths of the host begin at the bundle, places in the container at its root', () => {
    const { root, mounts } = normal({
      mounts: [
        { destination: 'data/../file/', type: 'none', source: 'volume', options: ['rbind'] },
        { destination: '/x', type: 'bind', source: '/abs' },
      ],
    });
    expect(root.path).toBe('/bundle/rootfs');
    expect(mounts.slice(2)).toEqual([
      { destination: '/file', type: 'bind', source: '/bundle/volume', options: ['rbind'] },
      { destination: '/x', type: 'bind', source: '/abs', options: ['bind'] },
    ]);
  });

  test('a variable that is given more than once has its last value', () => {
    const env = ['PATH=/bin', 'A=1', 'A=2=3', 'PATH=', '__proto__=x'];
    expect(normal({ process: { env } }).process.env).toEqual(['PATH=', 'A=2=3', '__proto__=x']);
  });

  test('without a program there is no container', () => {
    const { process: _, ...without } = baseConfig('true');
    expect(() => normalize(without, '/')).toThrow(refusal('$.process'));
  });
});

describe('mounts that the caller copies', () => {
  const given = (options: string[], reachable: boolean): ReturnType<typeof givenMounts> =>
    givenMounts(normal({ mounts: [{ destination: '/x', type: 'bind', source: '/abs', options }] }), () => reachable);

  test('are those that lie where the container may not go, and those whose ids are mapped', () => {
    expect(given(['rbind'], true)).toEqual([]);
    expect(given(['remount', 'ro'], false)).toEqual([]);
    expect(given(['rbind', 'idmap'], true)).toHaveLength(1);
    expect(given(['rbind'], false)).toHaveLength(1);
  });

  test('have their attributes from the start: those of the tree and those of its top', () => {
    const [one] = given(['rbind', 'ro', 'rnosuid'], false);
    expect(one).toMatchObject({ source: '/abs', options: { recursive: true } });
    expect([one?.options.set.text, one?.options.top.text]).toEqual(['MOUNT_ATTR_NOSUID', 'MOUNT_ATTR_RDONLY']);
    expect(given(['bind'], false)[0]?.options.recursive).toBe(false);
  });

  test('go on to show what the host mounts below, where no ids are mapped', () => {
    expect(given(['rbind'], false)[0]?.options.propagation?.text).toBe('MS_SLAVE');
    expect(given(['rbind', 'idmap'], false)[0]?.options.propagation).toBeUndefined();
  });
});

describe('namespaces by path', () => {
  const plan = (types: string[], owned: string[] = []): ReturnType<typeof planNamespaces> =>
    planNamespaces(
      normal({
        linux: {
          namespaces: [{ type: 'mount' }, ...types.map((type) => ({ type: type as 'pid', path: `/ns/${type}` }))],
        },
      }),
      (path) => owned.some((type) => path === `/ns/${type}`),
    );
  const entered = (steps: readonly Step[]): string[] =>
    steps.flatMap(({ syscall, why }) => (syscall === 'setns' ? (/the (\w+) namespace/.exec(why)?.[1] ?? []) : []));

  test('all are open before the first is entered', () => {
    const { beforeBirth } = plan(['network', 'pid']);
    expect(calls(beforeBirth)).toEqual(['openat', 'openat', 'setns', 'close', 'setns', 'close']);
  });

  test('what a user namespace owns is entered after it, what it does not before', () => {
    const { beforeBirth } = plan(['network', 'ipc', 'user'], ['ipc']);
    expect(entered(beforeBirth)).toEqual(['network', 'user', 'ipc']);
  });

  test('a user namespace by path is joined, a new one and none are not', () => {
    const joins = (...namespaces: Namespace[]): boolean => joinsUserNamespace({ linux: { namespaces } });
    expect(joins({ type: 'pid' }, { type: 'user', path: '/ns/user' })).toBe(true);
    expect(joins({ type: 'pid', path: '/ns/pid' }, { type: 'user' })).toBe(false);
    expect(joinsUserNamespace({})).toBe(false);
  });

  test('a cgroup namespace is entered by the container, when it is in its group', () => {
    const { beforeBirth, afterBirth } = plan(['cgroup']);
    expect(beforeBirth).toEqual([]);
    expect(afterBirth.map(({ syscall, only }) => [syscall, only])).toEqual([
      ['openat', 'child'],
      ['setns', 'child'],
      ['close', 'child'],
    ]);
  });

  test('a mount namespace is entered by the container: the monitor keeps its root', () => {
    const { beforeBirth, afterBirth } = plan(['mount', 'cgroup']);
    expect(beforeBirth).toEqual([]);
    expect(entered(afterBirth)).toEqual(['mount', 'cgroup']);
    expect(afterBirth.every(({ only }) => only === 'child')).toBe(true);
  });

  test('in a mount namespace with others nothing is attached, and nobody is given another root', () => {
    const shared = normal({ linux: { namespaces: [{ type: 'mount', path: '/ns/mnt' }] } });
    const own = normal({ linux: { namespaces: [{ type: 'mount' }] } });
    expect(() => checkOwnMounts(own, false)).not.toThrow();
    expect(() => checkOwnMounts(shared, true)).not.toThrow();
    expect(() => checkOwnMounts(shared, false)).toThrow(refusal('$.linux.namespaces'));
    expect(() => checkOwnMounts(normal({ linux: { namespaces: [] } }), false)).toThrow(refusal('$.linux.namespaces'));
    const withUser = normal({ linux: { namespaces: [{ type: 'user' }] } });
    expect(() => checkOwnMounts(withUser, true)).toThrow(refusal('$.linux.namespaces'));
  });

  test('clocks are shifted before the birth, and the namespace is not made again', () => {
    const linux = {
      namespaces: [{ type: 'mount' as const }, { type: 'time' as const }],
      timeOffsets: { boottime: { secs: -5 } },
    };
    const { beforeBirth, madeApart } = planNamespaces(normal({ linux }), () => false);
    expect(lines(beforeBirth).join('\n')).toContain('boottime -5 0');
    expect(madeApart).toEqual(['time']);
  });

  test('in a user namespace of its own the container shifts its clocks itself', () => {
    const namespaces = (['user', 'mount', 'time'] as const).map((type) => ({ type }));
    const linux = { namespaces, timeOffsets: { boottime: { secs: -5 } } };
    const { beforeBirth, afterBirth, madeApart } = planNamespaces(normal({ linux }), () => false);
    expect(beforeBirth).toEqual([]);
    expect(calls(afterBirth)).toEqual(['unshare', 'openat', 'write', 'close', 'openat', 'setns', 'close']);
    expect(afterBirth.every(({ only }) => only === 'child')).toBe(true);
    expect(madeApart).toEqual(['time']);
  });
});

describe('what else holds for the program', () => {
  test('is that it runs on any processor, and nothing else unless it is asked for', () => {
    const [any, ...others] = planSettings(normal());
    expect(any).toMatchObject({ syscall: 'sched_setaffinity', args: [0, 1024, new Uint8Array(1024).fill(255)] });
    expect(others).toEqual([]);
  });

  test('each is one call', () => {
    const config = normal({
      process: {
        scheduler: { policy: 'SCHED_FIFO', priority: 5, flags: ['SCHED_FLAG_RESET_ON_FORK'] },
        ioPriority: { class: 'IOPRIO_CLASS_IDLE' },
      },
      linux: {
        ...baseConfig('').linux,
        personality: { domain: 'LINUX' },
        memoryPolicy: { mode: 'MPOL_BIND', nodes: '0,2-3' },
      },
    });
    const steps = planSettings(config);
    expect(calls(steps)).toEqual(['sched_setaffinity', 'sched_setattr', 'ioprio_set', 'set_mempolicy', 'personality']);
    expect(lines(steps).join('\n')).toContain('{0, 2, 3}');
  });

  test('a list of nodes that is none is refused', () => {
    const linux = { ...baseConfig('').linux, memoryPolicy: { mode: 'MPOL_BIND' as const, nodes: '3-1' } };
    expect(() => planSettings(normal({ linux }))).toThrow(refusal('$.linux.memoryPolicy.nodes'));
  });

  test.each([
    ['0', [0]],
    ['0-2,5', [0, 1, 2, 5]],
    [' 3 , 1', [1, 3]],
    ['', undefined],
    ['1-', undefined],
    ['a', undefined],
    ['99999999', undefined],
  ])('the list %j', (text, numbers) => {
    expect(parseNumberList(text)).toEqual(numbers);
  });

  test('the score for when memory runs out is taken on by the monitor and given back', () => {
    const { beforeBirth, afterBirth } = planOomScore(500, 3);
    expect(lines(beforeBirth)[1]).toContain('"500"');
    expect(lines(afterBirth)[1]).toContain('"3"');
    expect(afterBirth.every(({ only }) => only === 'parent')).toBe(true);
    expect(planOomScore(3, 3)).toEqual({ beforeBirth: [], afterBirth: [] });
  });
});

describe('a mount of cgroups', () => {
  const mount = { destination: '/sys/fs/cgroup', type: 'cgroup', options: ['ro', 'nosuid'] };
  const hierarchies = [
    { name: 'cpu,cpuacct', options: ['cpu', 'cpuacct'], directory: '/sys/fs/cgroup/cpu,cpuacct/box' },
    { name: 'systemd', options: ['name=systemd'], directory: '/sys/fs/cgroup/systemd/box' },
  ];
  const place = { path: '/sys/fs/cgroup', why: 'show cgroups' };

  test('of version 1 is a directory for each hierarchy, and links for controllers that share one', () => {
    const view = { hasNamespace: true, canMount: true, unified: undefined, hierarchies };
    const all = lines(planCgroupMount(mount, { view, ...place }));
    expect(all.filter((line) => line.startsWith('symlinkat'))).toHaveLength(2);
    expect(all.join('\n')).toMatch(/fsopen\("cgroup"[\s\S]*"cpuacct"[\s\S]*"none"[\s\S]*"name", "systemd"/);
  });

  test('without a namespace the groups of the container are shown by bind mounts', () => {
    const view = { hasNamespace: false, canMount: true, unified: undefined, hierarchies };
    const all = lines(planCgroupMount(mount, { view, ...place }));
    expect(all.filter((line) => line.startsWith('open_tree'))).toEqual([
      expect.stringContaining('/sys/fs/cgroup/cpu,cpuacct/box'),
      expect.stringContaining('/sys/fs/cgroup/systemd/box'),
    ]);
  });

  test('of version 2 is the tree itself, or what the caller shows of it', () => {
    const view = { hasNamespace: true, canMount: true, unified: '/sys/fs/cgroup/box', hierarchies: [] };
    expect(calls(planCgroupMount(mount, { view, ...place }))[0]).toBe('fsopen');
    const shown = planCgroupMount(mount, { view: { ...view, canMount: false }, ...place });
    expect(lines(shown)[0]).toContain('/sys/fs/cgroup/box');
  });
});

describe('what this kernel does not have', () => {
  const none = { hasApparmor: false, hasSelinux: false };

  test.each([
    [{ process: { apparmorProfile: 'docker-default' } }, '$.process.apparmorProfile'],
    [{ process: { selinuxLabel: 'a:b:c:s0' } }, '$.process.selinuxLabel'],
    [{ linux: { ...baseConfig('').linux, mountLabel: 'a:b:c:s0' } }, '$.linux.mountLabel'],
  ])('%j is refused', (parts, path) => {
    expect(() => checkLabels(normal(parts), none)).toThrow(refusal(path));
    expect(() => checkLabels(normal(parts), { hasApparmor: true, hasSelinux: true })).not.toThrow();
  });

  test('the profile that stands for none is not missed', () => {
    expect(() => checkLabels(normal({ process: { apparmorProfile: 'unconfined' } }), none)).not.toThrow();
  });
});

test('a mount on the root itself is refused, as it would hide the root and not be seen; a remount is not', () => {
  const context = { kindOf: () => 'directory', isReachable: () => true, mayBeLocked: () => false };
  const plan = (destination: string, options: string[]): unknown =>
    planMounts(
      normal({ mounts: [{ destination, type: 'bind', source: '/srv', options }] }),
      context as unknown as MountsContext,
    );
  expect(() => plan('/', ['bind'])).toThrow(refusal('$.mounts[2].destination'));
  expect(() => plan('/a/..', ['rbind'])).toThrow(refusal('$.mounts[2].destination'));
  expect(() => plan('/', ['bind', 'remount', 'ro'])).not.toThrow();
});

test('options that are longer than fsconfig(2) takes are noticed, but not those of a bind mount, which mean nothing', () => {
  const data = [['lowerdir', 'x'.repeat(256)]] as const;
  expect(needsLongMount({ bind: undefined, data })).toBe(true);
  expect(needsLongMount({ bind: 'bind', data })).toBe(false);
  expect(needsLongMount({ bind: undefined, data: [['lowerdir', 'x'.repeat(255)]] })).toBe(false);
});

test('every option of the specification is known, but those of file systems', () => {
  const ofFileSystems = ['async', 'dirsync', 'iversion', 'lazytime', 'mand', 'nolazytime', 'nomand', 'sync'];
  const unknown = mountOptions().filter((option) => parseConfigMountOptions([option]).data.length > 0);
  expect(unknown).toEqual(ofFileSystems);
});

test('a mount over the container’s proc is refused, but for files that only tell of the machine', () => {
  const context = { kindOf: () => 'file', isReachable: () => true, mayBeLocked: () => false };
  const plan = (destination: string, options: string[] = ['bind']): unknown =>
    planMounts(
      normal({ mounts: [{ destination, type: 'bind', source: '/srv', options }] }),
      context as unknown as MountsContext,
    );
  for (const path of ['/proc/version', '/proc/self/attr', '/proc/1', '/proc/../proc/sys', '/proc/cpuinfo/x'])
    expect(() => plan(path)).toThrow(refusal('$.mounts[2].destination'));
  for (const path of ['/proc/uptime', '/proc/sys/kernel/ns_last_pid', '/procfs'])
    expect(() => plan(path)).not.toThrow();
  expect(() => plan('/proc/sys', ['bind', 'remount', 'ro'])).not.toThrow();
});
