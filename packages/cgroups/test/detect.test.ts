import { expect, describe as group, test } from '@jest/globals';
import { describe, detect, detectAll } from '../src/index.ts';
import * as machines from './machines.ts';

const machineOf = (fixture: machines.MachineFixture) => detect(machines.factsOf(fixture));
const readOnlyMounts = machines.dockerV1.mountinfo.replace('memory rw,nosuid', 'memory ro,nosuid');
const allBy = (version: 'v1' | 'v2') => ({ pids: { version }, memory: { version }, cpus: { version } });

group('version 1', () => {
  test('each controller in a hierarchy of its own: each has its own directory', () => {
    const machine = machineOf(machines.separate);
    expect(machine).toMatchObject({ version: 'hybrid', resources: allBy('v1') });
    expect(machine.v1).toEqual({
      pids: '/sys/fs/cgroup/pids',
      memory: '/sys/fs/cgroup/memory/service/2c396aa5',
      cpu: '/sys/fs/cgroup/cpu',
      cpuacct: '/sys/fs/cgroup/cpuacct',
      freezer: '/sys/fs/cgroup/freezer',
    });
    expect(machine.v2).toEqual({ parent: '/sys/fs/cgroup/unified', controllers: ['hugetlb'] });
  });

  test('cpu and cpuacct mounted together: they share a directory', () => {
    const machine = machineOf(machines.comounted);
    expect(machine).toMatchObject({ version: 'v1', resources: allBy('v1'), v2: undefined });
    expect(machine.v1).toEqual({
      cpu: '/sys/fs/cgroup/cpu,cpuacct/user.slice',
      cpuacct: '/sys/fs/cgroup/cpu,cpuacct/user.slice',
      memory: '/sys/fs/cgroup/memory/user.slice',
      pids: '/sys/fs/cgroup/pids/user.slice/user-0.slice',
      freezer: '/sys/fs/cgroup/freezer',
    });
  });

  test('an ordinary user has nothing of it, and learns that version 2 would help', () => {
    const machine = machineOf(machines.comountedUser);
    expect(machine).toMatchObject({ version: 'v1', v1: {}, v2: undefined });
    expect(machine.resources.pids).toEqual({
      version: undefined,
      reason: 'cgroups of version 1 cannot be given to an ordinary user safely',
      fix: expect.stringContaining('systemd.unified_cgroup_hierarchy=1'),
    });
  });

  test('a controller that is not mounted beside others: the command that mounts it', () => {
    const mountinfo = machines.comounted.mountinfo.replace(/^.* rw,pids$/m, '');
    const { resources } = machineOf({ ...machines.comounted, mountinfo: mountinfo.replaceAll('\n\n', '\n') });
    expect(resources).toMatchObject({ memory: { version: 'v1' }, cpus: { version: 'v1' } });
    expect(resources.pids).toEqual({
      version: undefined,
      reason: 'the controller pids is not mounted',
      fix: 'sudo mkdir -p /sys/fs/cgroup/pids && sudo mount -t cgroup -o pids none /sys/fs/cgroup/pids',
    });
  });

  test('hybrid with a limit of its own in each version', () => {
    expect(machineOf(machines.split).resources).toEqual({
      pids: { version: 'v1' },
      memory: { version: 'v2' },
      cpus: { version: 'v2' },
    });
  });

  test('hybrid: version 1 limits, version 2 has no controllers to hand down', () => {
    const machine = machineOf(machines.hybrid);
    expect(machine).toMatchObject({ version: 'hybrid', resources: allBy('v1') });
    expect(machine.v2).toEqual({ parent: '/sys/fs/cgroup/unified', controllers: [] });
  });
});

group('version 2', () => {
  test('root on a laptop uses the top of the tree, which may have processes', () => {
    const machine = machineOf(machines.laptopRoot);
    expect(machine).toMatchObject({ version: 'v2', resources: allBy('v2'), v1: {} });
    expect(machine.v2?.parent).toBe('/sys/fs/cgroup');
    expect(machine.v2?.controllers).toContain('memory');
  });

  test('an ordinary user uses the closest group that is his and has no processes', () => {
    expect(machineOf(machines.laptopUser).v2).toEqual({
      parent: '/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice',
      controllers: ['memory', 'pids'],
    });
  });

  test('a controller that group may not hand down cannot limit; the others can', () => {
    const { resources } = machineOf(machines.laptopUser);
    expect(resources).toMatchObject({ pids: { version: 'v2' }, memory: { version: 'v2' } });
    expect(resources.cpus).toEqual({
      version: undefined,
      reason: expect.stringContaining('may not hand down the controller cpu'),
      fix: expect.stringContaining('Delegate=cpu memory pids'),
    });
  });

  test('a session outside the delegated service is told so', () => {
    const machine = machineOf(machines.laptopSession);
    expect(machine.v2).toBeUndefined();
    expect(machine.resources.memory).toMatchObject({
      version: undefined,
      reason:
        'no group of version 2 is delegated to you (yours is /sys/fs/cgroup/user.slice/user-1000.slice/session-5.scope)',
      fix: 'start the command with systemd-run --user --scope -p Delegate=yes COMMAND',
    });
  });

  test('without systemd: the commands that delegate a group, for the shell of the user', () => {
    const machine = machineOf({ ...machines.laptopSession, selfCgroup: '0::/\n', writable: [] });
    expect(machine.resources.pids).toMatchObject({
      reason: 'no group of version 2 is delegated to you (yours is /sys/fs/cgroup)',
      fix: expect.stringMatching(/^sudo sh -c "mkdir -p .* && chown \$\(id -u\) .* && echo \$\$ > .*cgroup\.procs"$/),
    });
  });

  test.each([
    ['those that version 1 leaves', machines.separate, / && echo \+hugetlb > \S+\/cgroup\.subtree_control && /],
    [
      'none where it has none',
      { ...machines.separate, files: {} },
      /^(?!.*subtree_control && ).*shell\/cgroup\.procs && echo \$\$/,
    ],
  ])('the commands that delegate a group hand down %s', (_, machine, fix) => {
    const { controllers } = detectAll(machines.factsOf({ ...machine, writable: [] }));
    expect(controllers.hugetlb).toMatchObject({ fix: expect.stringMatching(fix) });
  });

  test('a controller that the kernel was started without', () => {
    const files = { ...machines.laptopRoot.files, '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io pids\n' };
    const { resources } = machineOf({ ...machines.laptopRoot, files });
    expect(resources).toMatchObject({ pids: { version: 'v2' }, cpus: { version: 'v2' } });
    expect(resources.memory).toEqual({
      version: undefined,
      reason: 'the kernel offers no controller memory on version 2',
      fix: expect.stringContaining('boot without cgroup_disable=memory'),
    });
  });

  test('a group that may be entered but not divided is not used', () => {
    const facts = machines.factsOf(machines.laptopUser);
    const isWritable = (path: string): boolean => !path.endsWith('cgroup.subtree_control') && facts.isWritable(path);
    expect(detect({ ...facts, isWritable }).v2).toBeUndefined();
  });
});

group('in a container', () => {
  test('version 2 mounted read-only limits nothing', () => {
    const machine = machineOf(machines.dockerV2);
    expect(machine).toMatchObject({ version: 'v2', v2: undefined });
    expect(machine.resources.pids).toEqual({
      version: undefined,
      reason: '/sys/fs/cgroup is mounted read-only, as in most containers',
      fix: expect.stringContaining('mount -o remount,bind,rw /sys/fs/cgroup, which in a container'),
    });
  });

  test('version 1 mounted read-only: root is not told to be root', () => {
    const machine = machineOf({ ...machines.dockerV1, mountinfo: readOnlyMounts, writable: [] });
    expect(machine.resources.memory).toMatchObject({
      reason: '/sys/fs/cgroup/memory is mounted read-only, as in most containers',
    });
    // Only the memory hierarchy is read-only there.
    expect(machine.resources.pids).toMatchObject({ reason: expect.stringContaining('version 1 cannot be given') });
  });

  test('a group that stands where the top would be, and has processes: which, and how to move them', () => {
    const machine = machineOf(machines.crowdedContainer);
    expect(machine.v2).toBeUndefined();
    expect(machine.resources.pids).toEqual({
      version: undefined,
      reason: 'the group /sys/fs/cgroup is yours, but has processes of its own (1, 9, 10, 11, 12 and 2 more)',
      fix: 'move them into a leaf: mkdir -p /sys/fs/cgroup/leaf && for pid in $(cat /sys/fs/cgroup/cgroup.procs); do echo $pid > /sys/fs/cgroup/leaf/cgroup.procs; done 2>/dev/null',
    });
  });

  test('once they are in a leaf, that group is used', () => {
    const moved = { ...machines.crowdedContainer, selfCgroup: '0::/leaf\n' };
    const files = { ...moved.files, '/sys/fs/cgroup/cgroup.procs': '' };
    expect(machineOf({ ...moved, files }).v2?.parent).toBe('/sys/fs/cgroup');
  });

  test('a crowded top does not hide a group further down that is empty', () => {
    const { files, writable } = machines.crowdedContainer;
    const below = { selfCgroup: '0::/mine/leaf\n', writable: [...writable, '/sys/fs/cgroup/mine'] };
    const machine = machineOf({
      ...machines.crowdedContainer,
      ...below,
      files: { ...files, '/sys/fs/cgroup/mine/cgroup.controllers': 'pids\n' },
    });
    expect(machine.v2).toEqual({ parent: '/sys/fs/cgroup/mine', controllers: ['pids'] });
    expect(machine.resources.memory).toMatchObject({
      reason: 'the group /sys/fs/cgroup/mine may not hand down the controller memory',
      fix: 'as root, where that group was made: echo +memory > /sys/fs/cgroup/cgroup.subtree_control',
    });
  });

  test('what a container was not given is handed down outside of it, where the group above is shown', () => {
    const { files } = machines.crowdedContainer;
    const given = { '/sys/fs/cgroup/cgroup.procs': '', '/sys/fs/cgroup/cgroup.controllers': 'pids\n' };
    const machine = machineOf({ ...machines.crowdedContainer, files: { ...files, ...given } });
    expect(machine.resources).toMatchObject({
      pids: { version: 'v2' },
      memory: { fix: expect.stringMatching(/outside of this container: echo \+memory > cgroup\.subtree_control$/) },
    });
  });

  test('a mount from above the cgroup namespace: the own group is looked for, and nothing is made above it', () => {
    const facts = machines.factsOf({
      ...machines.nestedNamespace,
      selfCgroup: '0::/leaf\n',
      writable: ['/sys/fs/cgroup', '/sys/fs/cgroup/a', '/sys/fs/cgroup/a/box'],
    });
    const asked: unknown[] = [];
    const findOwn = (...question: unknown[]): string => {
      asked.push(question);
      return '/sys/fs/cgroup/a/box/leaf';
    };
    expect(detect({ ...facts, findOwn }).v2?.parent).toBe('/sys/fs/cgroup/a/box');
    expect(asked).toEqual([['/sys/fs/cgroup', 2, '/leaf']]);
  });

  test('where it cannot be looked for, or is not found, the mount point is taken for it', () => {
    expect(machineOf(machines.nestedNamespace).v2?.parent).toBe('/sys/fs/cgroup');
    const facts = machines.factsOf(machines.nestedNamespace);
    expect(detect({ ...facts, findOwn: () => undefined }).v2?.parent).toBe('/sys/fs/cgroup');
  });

  test.each([
    ['/', '0::/a/b', '/mnt/a/b'],
    ['/a', '0::/a/b', '/mnt/b'],
    ['/a', '0::/ab/c', '/mnt'],
    ['/..', '0::/../c/d', '/mnt/c/d'],
    ['/../c', '0::/../c/d', '/mnt/d'],
    ['/../c', '0::/c/d', '/mnt'],
    ['/..', '0::/../../c', '/mnt'],
    ['/../..', '0::/../c', '/mnt/found/c'],
    ['/..', '0::/', '/mnt/found'],
  ])('of a mount that shows %s, the group %s is at %s', (root, line, directory) => {
    const { v1 } = detect({
      mountinfo: `29 22 0:26 ${root} /mnt rw - cgroup cgroup rw,pids\n`,
      selfCgroup: `${line.replace('0:', '4:pids')}\n`,
      isWritable: () => true,
      read: () => undefined,
      findOwn: (below, _, path) => `${below}/found${path === '/' ? '' : path}`,
    });
    expect(v1).toEqual({ pids: directory });
  });

  test('of two mounts of a hierarchy the one that shows the own group counts', () => {
    const mountinfo = `${machines.laptopRoot.mountinfo}30 22 0:26 /../.. /host/cgroup rw - cgroup2 cgroup2 rw\n`;
    const lines = mountinfo.trim().split('\n');
    for (const order of [lines, lines.toReversed()]) {
      const text = `${order.join('\n')}\n`.replace('/../..', '/other');
      expect(machineOf({ ...machines.laptopRoot, mountinfo: text }).v2?.parent).toBe('/sys/fs/cgroup');
    }
  });

  test('what is mounted over counts, what it covers does not', () => {
    const [root = '', v2 = ''] = machines.laptopRoot.mountinfo.split('\n');
    const over = '50 29 0:50 / /sys/fs/cgroup rw - tmpfs tmpfs rw';
    const v1 = '51 50 0:51 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids';
    const again = '52 51 0:51 /mine /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids';
    const machine = machineOf({
      mountinfo: [root, v2, over, v1, again, ''].join('\n'),
      selfCgroup: '4:pids:/mine/box\n0::/\n',
      writable: ['/sys/fs/cgroup', '/sys/fs/cgroup/pids', '/sys/fs/cgroup/pids/box'],
    });
    expect(machine).toMatchObject({ version: 'v1', v1: { pids: '/sys/fs/cgroup/pids/box' } });
    const back = '60 50 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw';
    expect(
      machineOf({ ...machines.laptopRoot, mountinfo: [root, v2, over, v1, again, back, ''].join('\n') }),
    ).toMatchObject({ version: 'v2', v2: { parent: '/sys/fs/cgroup' } });
  });

  test('a path from outside the cgroup namespace does not lead out of the mount', () => {
    const outside = { ...machines.laptopRoot, selfCgroup: '0::/../../init.scope\n' };
    expect(machineOf(outside).v2?.parent).toBe('/sys/fs/cgroup');
  });

  test('version 1 without a namespace: the part of the path that is mounted is cut off, whole names only', () => {
    expect(machineOf(machines.dockerV1).v1).toEqual({
      memory: '/sys/fs/cgroup/memory',
      pids: '/sys/fs/cgroup/pids/inner',
      // 0123abcdef is another container than 0123abcd.
      cpu: '/sys/fs/cgroup/cpu,cpuacct',
      cpuacct: '/sys/fs/cgroup/cpu,cpuacct',
    });
  });
});

test('nothing mounted: no limit, and the command that mounts it', () => {
  const machine = machineOf(machines.nothing);
  expect(machine).toMatchObject({ version: 'none', v1: {}, v2: undefined });
  expect(machine.resources.cpus).toEqual({
    version: undefined,
    reason: 'no cgroups are mounted',
    fix: 'sudo mount -t cgroup2 none /sys/fs/cgroup',
  });
});

test('this machine, whatever it is, has a version and an answer for each resource', () => {
  const { version, resources } = detect();
  expect(['v1', 'v2', 'hybrid', 'none']).toContain(version);
  for (const answer of Object.values(resources)) {
    if (answer.version === undefined) expect(answer.fix).not.toBe('');
    else expect(['v1', 'v2']).toContain(answer.version);
  }
});

test.each([
  ['cgroup version 1; pids, memory, cpus can be limited', machines.comounted],
  [
    'cgroup version 1; nothing can be limited; not pids, memory, cpus: cgroups of version 1 cannot be given to an ordinary user safely',
    machines.comountedUser,
  ],
  ['cgroup version 1, with version 2 beside it; pids, memory, cpus can be limited', machines.hybrid],
  [
    'cgroup version 2; pids, memory can be limited; not cpus: the group /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice may not hand down the controller cpu',
    machines.laptopUser,
  ],
  ['no cgroups; nothing can be limited; not pids, memory, cpus: no cgroups are mounted', machines.nothing],
])('described: %s', (words, fixture) => {
  expect(describe(machineOf(fixture))).toBe(words);
});
