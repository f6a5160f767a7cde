import { describe, expect, test } from '@jest/globals';
import { type CgroupSources, cgroupFacts } from '../../src/doctor/cgroup-facts.ts';

const V2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n';
const v1 = (id: number, controllers: string): string =>
  `${id} 30 0:${id} / /sys/fs/cgroup/${controllers} rw,relatime - cgroup cgroup rw,${controllers}\n`;
const V1 = v1(40, 'pids') + v1(41, 'memory') + v1(42, 'cpu,cpuacct') + v1(43, 'devices');
const NAMED = '39 30 0:36 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n';
const UNIFIED = '50 30 0:50 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n';
const V1_MEMBERSHIP = '5:pids:/\n4:memory:/box\n3:cpu,cpuacct:/\n1:name=systemd:/\n0::/\n';

function facts({
  files = {},
  writable = [],
  ...sources
}: Partial<CgroupSources> & { files?: Record<string, string>; writable?: string[] }) {
  return cgroupFacts({
    mountinfo: '',
    membership: '',
    read: (path) => files[path],
    canWrite: (path) => writable.includes(path),
    systemd: false,
    ...sources,
  });
}

describe('version 2', () => {
  const user = '/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope';
  const own = `/sys/fs/cgroup${user}`;
  const files = {
    '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory hugetlb pids rdma misc\n',
    [`${own}/cgroup.controllers`]: 'memory pids\n',
  };

  test('that is delegated allows what was delegated', () => {
    expect(
      facts({
        mountinfo: V2,
        membership: `0::${user}\n`,
        files,
        writable: [own, `${own}/cgroup.procs`],
        systemd: true,
      }),
    ).toEqual({ version: 'v2', present: ['pids', 'memory', 'cpu'], usable: ['pids', 'memory'], systemd: true });
  });

  test.each([
    ['nothing', []],
    ['the directory but not its cgroup.procs', [own]],
    ['cgroup.procs but not the directory', [`${own}/cgroup.procs`]],
  ])('of which the user may write %s allows nothing', (_, writable) => {
    expect(facts({ mountinfo: V2, membership: `0::${user}\n`, files, writable }).usable).toEqual([]);
  });

  test('of root allows all that the kernel has', () => {
    const writable = ['/sys/fs/cgroup', '/sys/fs/cgroup/cgroup.procs'];
    expect(facts({ mountinfo: V2, membership: '0::/\n', files, writable }).usable).toEqual(['pids', 'memory', 'cpu']);
  });

  test('in a container is its own part of the hierarchy', () => {
    const mountinfo = V2.replace('0:26 / ', '0:26 /docker/abc ');
    const writable = ['/sys/fs/cgroup', '/sys/fs/cgroup/cgroup.procs'];
    expect(facts({ mountinfo, membership: '0::/docker/abc\n', files, writable }).usable).toEqual([
      'pids',
      'memory',
      'cpu',
    ]);
    expect(facts({ mountinfo, membership: '0::/docker/abcdef\n', files, writable }).usable).toEqual([
      'pids',
      'memory',
      'cpu',
    ]);
  });
});

describe('version 1', () => {
  test('allows the controllers whose directory can be written', () => {
    const writable = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup/memory/box'];
    expect(facts({ mountinfo: V1, membership: V1_MEMBERSHIP, writable })).toEqual({
      version: 'v1',
      present: ['pids', 'memory', 'cpu'],
      usable: ['pids', 'memory'],
      systemd: false,
    });
  });

  test('with version 2 beside it is hybrid', () => {
    expect(facts({ mountinfo: V1 + NAMED + UNIFIED, membership: V1_MEMBERSHIP }).version).toBe('hybrid');
  });

  test('with some controllers missing says which there are', () => {
    expect(facts({ mountinfo: v1(40, 'pids'), membership: V1_MEMBERSHIP }).present).toEqual(['pids']);
  });

  test('that is only the named hierarchy of systemd does not count', () => {
    expect(facts({ mountinfo: NAMED + V2, membership: '0::/\n' }).version).toBe('v2');
  });
});

test('without any cgroup file system there is none', () => {
  expect(facts({})).toEqual({ version: 'none', present: [], usable: [], systemd: false });
});
