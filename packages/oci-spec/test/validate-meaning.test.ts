import { describe, expect, test } from '@jest/globals';
import { everything } from './everything.ts';
import { type Keys, pathOf, problemsOf, withPart } from './tree.ts';

/** What a change to one place of a valid configuration leads to: the problem's path (below the place), and what is allowed. */
type Case = [title: string, keys: Keys, value: unknown, below: string, allowed: string | RegExp];

const absolute = "an absolute path (one that begins with '/')";
const mapping = (change: object): object[] => [{ containerID: 0, hostID: 1000, size: 1, ...change }];

describe('refused', () => {
  test.each<Case>([
    ['a version that is no version', ['ociVersion'], 'latest', '', "a version such as '1.3.0'"],
    ['a version of two numbers', ['ociVersion'], '1.3', '', "a version such as '1.3.0'"],
    ['a version with a leading zero', ['ociVersion'], '1.03.0', '', "a version such as '1.3.0'"],
    ['a version with an empty identifier', ['ociVersion'], '1.3.0-rc..1', '', "a version such as '1.3.0'"],
    ['a version with two builds', ['ociVersion'], '1.3.0+a+b', '', "a version such as '1.3.0'"],
    ['an empty root path', ['root', 'path'], '', '', 'a non-empty string without NUL'],
    ['an empty destination', ['mounts', 0, 'destination'], '', '', 'a non-empty string without NUL'],
    ['user ids of a mount without group ids', ['mounts', 0, 'gidMappings'], [], '', 'given, as uidMappings is'],
    ['group ids of a mount without user ids', ['mounts', 0, 'uidMappings'], undefined, '', 'given, as gidMappings is'],
    ['a relative working directory', ['process', 'cwd'], 'home', '', absolute],
    ['no arguments', ['process', 'args'], [], '', 'an array with at least the program in it'],
    ['a variable without =', ['process', 'env', 0], 'PATH', '', 'NAME=value, without NUL'],
    ['a variable without a name', ['process', 'env', 0], '=x', '', 'NAME=value, without NUL'],
    ['uid 4294967295, which is -1', ['process', 'user', 'uid'], 4294967295, '', 'a whole number from 0 to 4294967294'],
    ['a negative gid', ['process', 'user', 'gid'], -1, '', 'a whole number from 0 to 4294967294'],
    ['group 4294967295', ['process', 'user', 'additionalGids', 1], 4294967295, '', /to 4294967294$/],
    [
      'more groups than a process can have',
      ['process', 'user', 'additionalGids'],
      new Array(65537).fill(5),
      '',
      'at most 65536 groups, all that a process can have',
    ],
    ['a umask beyond 0o777', ['process', 'user', 'umask'], 0o1000, '', 'a whole number from 0 to 511'],
    [
      'an unknown rlimit',
      ['process', 'rlimits', 0, 'type'],
      'RLIMIT_FILES',
      '',
      /^one of RLIMIT_AS, .*, RLIMIT_STACK$/,
    ],
    ['an rlimit in lower case', ['process', 'rlimits', 0, 'type'], 'nofile', '', /^one of RLIMIT_AS/],
    ['an rlimit set twice', ['process', 'rlimits', 1, 'type'], 'RLIMIT_NOFILE', '', 'named once only'],
    ['a soft limit above the hard one', ['process', 'rlimits', 0, 'soft'], 4097, '', 'at most hard (4096)'],
    [
      'a hard limit below the soft one',
      ['process', 'rlimits', 0],
      { type: 'RLIMIT_AS', soft: 1001, hard: 1000 },
      '.soft',
      'at most hard (1000)',
    ],
    ['a negative rlimit', ['process', 'rlimits', 0, 'soft'], -1, '', /^a whole number from 0/],
    ['an oom score below -1000', ['process', 'oomScoreAdj'], -1001, '', 'a whole number from -1000 to 1000'],
    ['an unknown scheduler', ['process', 'scheduler', 'policy'], 'SCHED_FAIR', '', /^one of SCHED_OTHER/],
    ['a nice value of 20', ['process', 'scheduler', 'nice'], 20, '', 'a whole number from -20 to 19'],
    ['an unknown io class', ['process', 'ioPriority', 'class'], 'BE', '', /^one of IOPRIO_CLASS_RT/],
    ['processors in words', ['process', 'execCPUAffinity', 'initial'], 'all', '', /^numbers and ranges/],
    ['a host name of 65 bytes', ['hostname'], `${'é'.repeat(32)}x`, '', 'a string of at most 64 bytes without NUL'],
    ['a relative hook', ['hooks', 'poststop', 0, 'path'], 'clean', '', absolute],
    ['a hook without time', ['hooks', 'poststop', 0, 'timeout'], 0, '', /^a whole number from 1 /],
    ['an annotation without a name', ['annotations'], { '': 'x' }, '[""]', 'a non-empty string without NUL'],
    ['an unknown namespace', ['linux', 'namespaces', 0, 'type'], 'net', '', /^one of mount, pid, network, /],
    ['a namespace named twice', ['linux', 'namespaces', 5], { type: 'uts' }, '.type', 'named once only'],
    ['a relative namespace', ['linux', 'namespaces', 0, 'path'], 'ns/user', '', absolute],
    ['a mapping of no ids', ['linux', 'uidMappings'], mapping({ size: 0 }), '[0].size', /^a whole number from 1 /],
    ['a mapping of the id -1', ['linux', 'gidMappings'], mapping({ hostID: 4294967295 }), '[0].hostID', /4294967294$/],
    [
      'a mapping past the last id',
      ['linux', 'uidMappings'],
      mapping({ hostID: 4294967290, size: 6 }),
      '[0].size',
      /^at most 5, /,
    ],
    ['a mount’s mapping of no ids', ['mounts', 0, 'uidMappings'], mapping({ size: 0 }), '[0].size', /^a whole number/],
    ['a second of 10^9 nanoseconds', ['linux', 'timeOffsets', 'boottime', 'nanosecs'], 1e9, '', /999999999$/],
    ['a device of unknown type', ['linux', 'devices', 0, 'type'], 'a', '', 'one of c, b, u, p'],
    [
      'a device without minor number',
      ['linux', 'devices', 0, 'minor'],
      undefined,
      '',
      'a number, as the device is no pipe',
    ],
    ['a relative device', ['linux', 'devices', 0, 'path'], 'fuse', '', absolute],
    ['an interface name of 16 letters', ['linux', 'netDevices', 'eth0', 'name'], 'a'.repeat(16), '', /^1 to 15/],
    ['an interface named ..', ['linux', 'netDevices', 'eth0', 'name'], '..', '', /^1 to 15 characters/],
    ['a host’s interface with a slash', ['linux', 'netDevices'], { 'a/b': {} }, '["a/b"]', /^1 to 15 characters/],
    ['a device rule of type p', ['linux', 'resources', 'devices', 0, 'type'], 'p', '', /^a \(all\)/],
    ['a device rule on execution', ['linux', 'resources', 'devices', 0, 'access'], 'x', '', 'letters of rwm'],
    [
      'a burst above the quota',
      ['linux', 'resources', 'cpu'],
      { quota: 1000, burst: 1001 },
      '.burst',
      'at most quota (1000)',
    ],
    [
      'the weight of a disk that is neither',
      ['linux', 'resources', 'blockIO', 'weightDevice', 0],
      { major: 8, minor: 0 },
      '.weight',
      'given, or leafWeight',
    ],
    ['limits of a device that are none', ['linux', 'resources', 'rdma', 'mlx5_1'], {}, '.hcaHandles', /^given, or/],
    ['a file of another cgroup', ['linux', 'resources', 'unified'], { '../x': '1' }, '["../x"]', /^named as a file/],
    ['the cgroup itself as a file', ['linux', 'resources', 'unified'], { '..': '1' }, '[".."]', /^named as a file/],
    ['a huge page of 64 kB', ['linux', 'resources', 'hugepageLimits', 0, 'pageSize'], '64kB', '', /^a size in KB/],
    ['a bandwidth of two lines', ['linux', 'intelRdt', 'memBwSchema'], 'MB:0=5\nL3:0=f', '', /^one line/],
    ['a class outside of resctrl', ['linux', 'intelRdt', 'closID'], '../x', '', /^the name of a directory of resctrl/],
    ['two lines as one of schemata', ['linux', 'intelRdt', 'schemata', 0], 'L3:0=f\nMB:0=5', '', 'one line'],
    ['a memory policy without its nodes', ['linux', 'memoryPolicy', 'nodes'], '', '', /^a list of nodes .*MPOL_BIND/],
    [
      'nodes of a memory policy that takes none',
      ['linux', 'memoryPolicy'],
      { mode: 'MPOL_LOCAL', nodes: '0' },
      '.nodes',
      'absent, as MPOL_LOCAL takes no nodes',
    ],
    ['an unknown memory policy', ['linux', 'memoryPolicy', 'mode'], 'BIND', '', /^one of MPOL_DEFAULT/],
    ['a sysctl that is a number', ['linux', 'sysctl'], { 'net.a': 1 }, '["net.a"]', 'a string without NUL'],
    [
      'a setting of the whole machine',
      ['linux', 'sysctl'],
      { 'kernel.pid_max': '9' },
      '["kernel.pid_max"]',
      /^absent, as it is no setting of a namespace/,
    ],
    [
      'a setting with a way out',
      ['linux', 'sysctl'],
      { 'net/../kernel/pid_max': '9' },
      '["net/../kernel/pid_max"]',
      'absent, as it names nothing below /proc/sys',
    ],
    [
      'the host name as a setting',
      ['linux', 'sysctl'],
      { 'kernel.hostname': 'x' },
      '["kernel.hostname"]',
      'absent, as hostname sets it',
    ],
    [
      'a setting of an IPC namespace that is not there',
      ['linux', 'sysctl'],
      { 'kernel.sem': '1' },
      '["kernel.sem"]',
      "absent, as linux.namespaces has no 'ipc'",
    ],
    ['an unknown propagation', ['linux', 'rootfsPropagation'], 'rbind', '', /^one of private, shared, slave/],
    ['a relative masked path', ['linux', 'maskedPaths', 0], 'proc/kcore', '', absolute],
    ['a relative read-only path', ['linux', 'readonlyPaths', 0], 'proc/sys', '', absolute],
    ['an unknown seccomp action', ['linux', 'seccomp', 'defaultAction'], 'ALLOW', '', /^one of SCMP_ACT_KILL, /],
    [
      'an errno of an action that has none',
      ['linux', 'seccomp', 'syscalls', 0],
      { names: ['read'], action: 'SCMP_ACT_ALLOW', errnoRet: 1 },
      '.errnoRet',
      'absent, as SCMP_ACT_ALLOW returns no errno',
    ],
    [
      'an errno of a default that has none',
      ['linux', 'seccomp'],
      { defaultAction: 'SCMP_ACT_KILL', defaultErrnoRet: 1 },
      '.defaultErrnoRet',
      'absent, as SCMP_ACT_KILL returns no errno',
    ],
    [
      'metadata for no listener',
      ['linux', 'seccomp'],
      { defaultAction: 'SCMP_ACT_ALLOW', listenerMetadata: 'x' },
      '.listenerMetadata',
      'absent, as there is no listenerPath',
    ],
    ['a seccomp rule without names', ['linux', 'seccomp', 'syscalls', 0, 'names'], [], '', /at least one name/],
    [
      'a seventh argument',
      ['linux', 'seccomp', 'syscalls', 0, 'args', 0, 'index'],
      6,
      '',
      'a whole number from 0 to 5',
    ],
    ['an unknown personality', ['linux', 'personality', 'domain'], 'LINUX64', '', 'one of LINUX, LINUX32'],
  ])('%s', (_, keys, value, below, allowed) => {
    const [problem, ...more] = problemsOf(withPart(everything, keys, value));
    expect(more).toEqual([]);
    expect(problem?.path).toBe(pathOf(keys) + below);
    if (typeof allowed === 'string') expect(problem?.allowed).toBe(allowed);
    else expect(problem?.allowed).toMatch(allowed);
  });

  test.each([
    ['uts', ['$.hostname', '$.domainname']],
    ['user', ['$.linux.uidMappings', '$.linux.gidMappings']],
    ['mount', ['$.linux.maskedPaths', '$.linux.readonlyPaths']],
    ['network', ['$.linux.sysctl["net.ipv4.ip_forward"]']],
    ['time', ['$.linux.timeOffsets']],
  ])('without a %s namespace what would change the host: %j', (type, paths) => {
    const namespaces = everything.linux.namespaces.filter((namespace) => namespace.type !== type);
    const problems = problemsOf(withPart(everything, ['linux', 'namespaces'], namespaces));
    expect(problems.map((problem) => problem.path)).toEqual(paths);
    for (const { allowed } of problems) expect(allowed).toBe(`absent, as linux.namespaces has no '${type}'`);
  });
});

test('a new user namespace without maps names both', () => {
  const namespaces = [{ type: 'user' }];
  const problems = problemsOf({ ociVersion: '1.3.0', root: { path: '/r' }, linux: { namespaces, gidMappings: [] } });
  expect(problems).toEqual([
    { path: '$.linux.uidMappings', found: 'nothing', allowed: expect.stringMatching(/^an array with at least one/) },
    {
      path: '$.linux.gidMappings',
      found: 'an empty array',
      allowed: expect.stringMatching(/a user namespace is made$/),
    },
  ]);
});

test.each(['idmap', 'ridmap'])('%s without mappings and without a user namespace asks for mappings', (option) => {
  const mounts = [{ destination: '/a' }, { destination: '/data', source: '/srv', options: ['bind', option] }];
  const allowed = `given, as there is the option ${option} and no user namespace whose mappings it could take`;
  expect(problemsOf({ ociVersion: '1.3.0', root: { path: '/r' }, mounts })).toEqual([
    { path: '$.mounts[1].uidMappings', found: 'nothing', allowed },
  ]);
});

describe('accepted', () => {
  test.each<[title: string, keys: Keys, value: unknown]>([
    ['an old version', ['ociVersion'], '0.5.0-dev'],
    ['a version with a build', ['ociVersion'], '1.2.1+dev.5'],
    ['an absolute root', ['root', 'path'], '/'],
    ['an empty argument', ['process', 'args', 1], ''],
    ['a variable with = in its value', ['process', 'env', 0], 'A=b=c'],
    ['uid 4294967294', ['process', 'user', 'uid'], 4294967294],
    ['no limit, as Docker writes it', ['process', 'rlimits', 0, 'hard'], JSON.parse('18446744073709551615')],
    ['equal soft and hard limits', ['process', 'rlimits', 0, 'soft'], 4096],
    ['a host name of 64 bytes', ['hostname'], 'é'.repeat(32)],
    ['no mounts', ['mounts'], []],
    ['a relative destination, as old tools write it', ['mounts', 0, 'destination'], 'data'],
    ['ids mapped as those of the container', ['mounts', 0], { destination: '/d', options: ['bind', 'idmap'] }],
    ['no limit of processes', ['linux', 'resources', 'pids'], {}],
    ['a burst without limit', ['linux', 'resources', 'cpu'], { quota: -1, burst: 1001 }],
    ['a name that the kernel numbers', ['linux', 'netDevices', 'eth0', 'name'], 'eth%d'],
    ['network devices of the host', ['linux', 'netDevices'], { eth0: {} }],
    ['the root of resctrl', ['linux', 'intelRdt', 'closID'], '/'],
    ['memory of the node that is near', ['linux', 'memoryPolicy'], { mode: 'MPOL_PREFERRED' }],
    ['the NIS domain as a setting', ['linux', 'sysctl'], { 'kernel.domainname': 'x' }],
    ['a setting with dots in a name', ['linux', 'sysctl'], { 'net/ipv4/conf/eth0.100/forwarding': '1' }],
    ['file type bits in a mode, as Podman writes them', ['linux', 'devices', 0, 'fileMode'], 0o20666],
    ['all ids mapped to themselves', ['linux', 'uidMappings'], mapping({ hostID: 0, size: 4294967295 })],
    ['a namespace to make', ['linux', 'namespaces', 0], { type: 'user' }],
    ['a pipe without numbers', ['linux', 'devices', 0], { type: 'p', path: '/dev/xconsole' }],
    ['an interface that keeps its name', ['linux', 'netDevices', 'eth0'], {}],
    ['propagation as Docker writes it', ['linux', 'rootfsPropagation'], 'rprivate'],
    ['capabilities of tomorrow', ['process', 'capabilities', 'bounding'], ['CAP_TOMORROW']],
  ])('%s', (_, keys, value) => {
    expect(problemsOf(withPart(everything, keys, value))).toEqual([]);
  });

  test('an empty host name and empty maps without namespaces, as they ask for nothing', () => {
    const linux = { uidMappings: [], gidMappings: [], timeOffsets: {} };
    expect(problemsOf({ ociVersion: '1.3.0', root: { path: '/r' }, hostname: '', domainname: '', linux })).toEqual([]);
  });
});
