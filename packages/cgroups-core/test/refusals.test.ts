import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ErrnoName, errnoNumber } from '@coracle/errors';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { enforce, runAsFarAs, sift } from '../src/index.ts';
import { noMoreGroups } from '../src/why-no-place.ts';
import { lackingFile, whyRefused } from '../src/why-refused.ts';

let above: string;
let group: string;
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'coracle-refusals-'));
  group = join(above, 'box');
  mkdirSync(group);
});
afterEach(() => rmSync(above, { recursive: true }));

describe('what is known beyond the errno of a refused write', () => {
  test.each<[file: string, value: string, code: ErrnoName, files: Record<string, string>, text: string, hint: string]>([
    ['io.max', '4095:7 rbps=1', 'ENODEV', {}, 'there is no disk 4095:7', 'lsblk'],
    ['blkio.throttle.read_bps_device', '4095:7 1', 'ENODEV', {}, 'there is no disk 4095:7', 'lsblk'],
    ['blkio.bfq.weight_device', '4095:7 1', 'EOPNOTSUPP', {}, 'the scheduler of disk 4095:7 knows no weights', 'bfq'],
    [
      'memory.limit_in_bytes',
      '9',
      'EINVAL',
      { 'memory.memsw.limit_in_bytes': '5\n' },
      'more than the limit on memory and swap together, 5',
      'memory.maxWithSwap',
    ],
    [
      'memory.memsw.limit_in_bytes',
      '3',
      'EINVAL',
      { 'memory.limit_in_bytes': '5\n' },
      'less than the limit on memory alone, 5',
      'memory.max',
    ],
    [
      'cpuset.cpus',
      '5',
      'EACCES',
      { '../cpuset.cpus': '0-1\n' },
      'the group above has only the processors 0-1',
      'within 0-1',
    ],
    [
      'cpuset.mems',
      '5',
      'EINVAL',
      { '../cpuset.mems.effective': '0\n' },
      'the group above has only the memory nodes 0',
      'within 0',
    ],
    ['cpuset.cpus', '0', 'EBUSY', {}, 'the groups below use processors beyond these', 'groups below first'],
    ['cpu.shares', '5', 'EINVAL', { 'cpu.idle': '1\n' }, 'an idle group has no weight', 'cpu.idle: false'],
    ['cpu.weight', '5', 'EINVAL', { 'cpu.idle': '1\n' }, 'an idle group has no weight', 'cpu.idle: false'],
    ['cpu.cfs_quota_us', '1000', 'EINVAL', { 'cpu.cfs_burst_us': '2000\n' }, 'saved up of it, 2000', 'cpu.burstUsec'],
    ['cpu.max', '1000 5000', 'EINVAL', { 'cpu.max.burst': '2000\n' }, 'saved up of it, 2000', 'cpu.burstUsec'],
    [
      'cpu.cfs_burst_us',
      '9000',
      'EINVAL',
      { 'cpu.cfs_quota_us': '8000\n' },
      'more than the quota, 8000',
      'cpu.quotaUsec',
    ],
    ['cpu.max.burst', '9000', 'EINVAL', { 'cpu.max': '8000 100000\n' }, 'more than the quota, 8000', 'cpu.quotaUsec'],
    ['pids.max', '4194305', 'EINVAL', {}, 'more than 4194304', "'max'"],
    ['cpu.cfs_quota_us', '5000', 'EINVAL', { 'cpu.cfs_burst_us': '0\n' }, 'has not as much time', 'cpu.cfs_quota_us'],
    ['cpu.rt_runtime_us', '5000', 'EINVAL', {}, 'has not as much real time', 'cpu.rt_runtime_us'],
    [
      'misc.max',
      'sev 1',
      'EINVAL',
      { 'cgroup.procs': '', '../misc.capacity': 'sgx 5\n', '../cgroup.procs': '' },
      'does not count sev',
      'there is: sgx',
    ],
    ['misc.max', 'sev 1', 'EINVAL', {}, 'does not count sev', 'which is not shown here'],
    ['rdma.max', 'mlx5_9 hca_handle=1', 'ENODEV', {}, 'no RDMA device mlx5_9', 'there is: '],
    ['net_prio.ifpriomap', 'eth77 1', 'ENODEV', {}, 'there is no interface eth77', 'lo'],
    [
      'cgroup.subtree_control',
      '+pids',
      'EBUSY',
      { 'cgroup.procs': '7\n8\n' },
      'in the group itself (7, 8)',
      'into a child',
    ],
    [
      'cgroup.subtree_control',
      '+memory',
      'EOPNOTSUPP',
      { 'cgroup.type': 'domain threaded\n' },
      'no group hands down more than cpu, cpuset, pids',
      'make the group elsewhere',
    ],
    [
      'cgroup.subtree_control',
      '+pids',
      'EOPNOTSUPP',
      { 'cgroup.type': 'domain invalid\n' },
      'without being threaded, and hands nothing down',
      'echo threaded',
    ],
    ['cgroup.procs', '77', 'ESRCH', {}, 'there is no process 77', 'it has ended already'],
    ['tasks', '78', 'ESRCH', {}, 'there is no process 78', 'it has ended already'],
  ])('%s %s %s', (file, value, code, files, text, hint) => {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(group, name), content);
    const read = (path: string): string | undefined =>
      Object.entries(files).find(([name]) => join(group, name) === path)?.[1];
    expect(whyRefused({ directory: group, file, value, code, read })).toEqual({
      text: expect.stringContaining(text),
      hint: expect.stringContaining(hint),
    });
  });

  test.each<[file: string, value: string, below: Record<string, string>, text: string]>([
    ['cpu.cfs_quota_us', '20000', { 'a/cpu.cfs_quota_us': '30000' }, 'the group GROUP/a below it would have more time'],
    [
      'cpu.cfs_quota_us',
      '20000',
      { 'a/cpu.cfs_quota_us': '-1', 'a/b/cpu.cfs_quota_us': '20001' },
      'the group GROUP/a/b',
    ],
    ['cpu.cfs_quota_us', '20000', { 'a/cpu.cfs_quota_us': '20000' }, 'the group above, '],
    ['cpu.cfs_quota_us', '-1', { 'a/cpu.cfs_quota_us': '20000' }, 'the group above, '],
    ['cpu.cfs_period_us', '200000', { 'a/cpu.cfs_quota_us': '30000' }, 'the group GROUP/a below it'],
    [
      'cpu.rt_runtime_us',
      '5',
      { 'a/cpu.rt_runtime_us': '3', 'b/cpu.rt_runtime_us': '3' },
      'the groups right below it would have more real time',
    ],
    ['cpu.rt_runtime_us', '6', { 'a/cpu.rt_runtime_us': '3', 'b/cpu.rt_runtime_us': '3' }, 'the group above, '],
  ])('%s %s beside those below, %j: whose part of the time stands against it', (file, value, below, text) => {
    const files: Record<string, string> = { 'cpu.cfs_quota_us': '50000', ...below };
    for (const name of Object.keys(below)) mkdirSync(join(group, dirname(name)), { recursive: true });
    const read = (path: string): string | undefined =>
      path.endsWith('_period_us') ? '100000\n' : files[path.slice(group.length + 1)];
    expect(whyRefused({ directory: group, file, value, code: 'EINVAL', read })?.text).toContain(
      text.replace('GROUP', group),
    );
  });

  test('nothing is made up where nothing is known', () => {
    const refused = { directory: group, value: '5', read: () => undefined };
    expect(whyRefused({ ...refused, file: 'pids.max', code: 'EINVAL' })).toBeUndefined();
    expect(whyRefused({ ...refused, file: 'memory.limit_in_bytes', code: 'EINVAL' })).toBeUndefined();
    expect(whyRefused({ ...refused, file: 'cpuset.cpus', code: 'EACCES' })).toBeUndefined();
    expect(whyRefused({ ...refused, file: 'cpu.max', code: 'EBUSY' })).toBeUndefined();
  });
});

test.each([
  [{ '/cg/jobs/cgroup.max.depth': '1\n' }, '/cg/jobs/cgroup.max.depth says 1'],
  [{ '/cg/jobs/cgroup.max.depth': 'max\n', '/cg/cgroup.max.descendants': '9\n' }, '/cg/cgroup.max.descendants says 9'],
])('a group that there may be no more of is told with the file above that says so: %j', (files, hint) => {
  const all: Record<string, string> = { '/cg/cgroup.procs': '', '/cg/jobs/cgroup.procs': '', ...files };
  expect(noMoreGroups('/cg/jobs/box', (path) => all[path])?.hint).toContain(hint);
  expect(noMoreGroups('/elsewhere/jobs/box', (path) => all[path])).toBeUndefined();
});

describe('a file that the kernel lacks', () => {
  test.each([
    ['cpu.uclamp.min', 'CONFIG_UCLAMP_TASK_GROUP'],
    ['io.latency', 'CONFIG_BLK_CGROUP_IOLATENCY'],
    ['memory.zswap.writeback', 'Linux 6.8'],
    ['memory.memsw.limit_in_bytes', 'swapaccount=1'],
    ['hugetlb.3MB.max', 'the machine has pages of: '],
    ['pids.other', 'see ls'],
  ])('%s, although its controller is there: what it takes', (file, hint) => {
    writeFileSync(join(group, `${file.split('.')[0]}.max`), '');
    expect(lackingFile(group, file)).toEqual({
      text: `this kernel has no ${file}`,
      hint: expect.stringContaining(hint),
    });
  });

  test('is the controller’s where the group has none of its files but those every group has', () => {
    for (const name of ['cpu.stat', 'cpu.stat.local', 'cpu.pressure']) writeFileSync(join(group, name), '');
    expect(lackingFile(group, 'cpu.max')).toBeUndefined();
  });
});

describe('best effort', () => {
  const write = (name: string, value: string) => ({
    kind: 'write' as const,
    path: join(group, name),
    value,
    why: 'test',
  });
  const door = { isCgroup: () => true };

  test('leaves out a write whose file is not there, says so and goes on', () => {
    for (const name of ['cpu.max', 'pids.max']) writeFileSync(join(group, name), '');
    const leftOut = runAsFarAs([write('cpu.uclamp.min', '1'), write('pids.max', '5')], 'best-effort', door);
    expect(leftOut).toEqual([
      {
        resource: 'cpu.uclamp.min',
        reason: expect.stringContaining('this kernel has no cpu.uclamp.min'),
        alternative: expect.stringContaining('CONFIG_UCLAMP_TASK_GROUP'),
      },
    ]);
  });

  test('otherwise it is an error', () => {
    writeFileSync(join(group, 'cpu.max'), '');
    expect(() => runAsFarAs([write('cpu.uclamp.min', '1')], 'strict', door)).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });

  test('a group that is gone is an error in either mode', () => {
    rmSync(group, { recursive: true });
    expect(() => runAsFarAs([write('pids.max', '5')], 'best-effort', door)).toThrow(
      expect.objectContaining({ code: 'ENOENT', message: expect.stringContaining('there is no group') }),
    );
    mkdirSync(group);
  });
});

describe('sifting', () => {
  const inabilities = { 'memory.high': { alternative: 'x' }, 'memory.oomGroup': { alternative: 'y', unless: false } };

  test('keeps what can be done, and the value that holds anyway', () => {
    const { kept, leftOut } = sift({ pids: 1, memory: { high: 1n, max: 2n, oomGroup: false } }, inabilities, 2);
    expect(kept).toEqual({ pids: 1, memory: { max: 2n, oomGroup: false } });
    expect(leftOut).toEqual([
      { resource: 'memory.high', reason: 'version 2 of cgroups has no memory.high', alternative: 'x' },
    ]);
    expect(sift({ memory: { oomGroup: true } }, inabilities, 1).leftOut).toHaveLength(1);
  });

  test('what was left out is an error, unless that is allowed', () => {
    const leftOut = [{ resource: 'a', reason: 'b', alternative: 'c' }];
    expect(() => enforce(leftOut)).toThrow(expect.objectContaining({ code: 'EOPNOTSUPP', path: 'a' }));
    expect(() => enforce(leftOut, 'best-effort')).not.toThrow();
    expect(() => enforce([])).not.toThrow();
    expect(errnoNumber('EOPNOTSUPP')).toBe(95);
  });
});

describe('a group without real time takes no process that is scheduled in it', () => {
  /** What proc_pid_stat(5) has behind the name: 37 fields from the state to the processor, then priority and policy. */
  const stat = (policy: number, name: string): string => `42 (${name}) S ${'1 '.repeat(36)}50 ${policy} 0 0 0\n`;
  const why = (file: string, value: string, code: ErrnoName, texts: Record<string, string>): string | undefined =>
    whyRefused({ directory: group, file, value, code, read: (path) => texts[path] })?.text;

  test.each([
    ['the caller itself', '0', '/proc/self/stat'],
    ['another process', '42', '/proc/42/stat'],
  ])('%s, whose name may look like fields', (_, value, path) => {
    expect(why('tasks', value, 'EINVAL', { [path]: stat(1, 'a) S 9') })).toContain('SCHED_FIFO');
    expect(why('cgroup.procs', value, 'EINVAL', { [path]: stat(2, 'node') })).toContain('SCHED_RR');
  });

  test.each([
    ['another policy', 'tasks', 'EINVAL', 0],
    ['another errno', 'tasks', 'ENOMEM', 1],
    ['another file', 'pids.max', 'EINVAL', 1],
  ] as const)('%s has other reasons', (_, file, code, policy) => {
    expect(why(file, '0', code, { '/proc/self/stat': stat(policy, 'node') })).toBeUndefined();
  });
});
