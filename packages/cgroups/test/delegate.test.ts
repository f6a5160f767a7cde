import { isErrno } from '@coracle/errors';
import { describe, expect, test } from '@jest/globals';
import { delegate, planDelegation } from '../src/index.ts';

const V2 = '29 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n';
const V1 = ['pids', 'cpu,cpuacct', 'memory', 'freezer']
  .map((one, index) => `3${index} 23 0:3${index} / /sys/fs/cgroup/${one} rw - cgroup cgroup rw,${one}\n`)
  .join('');

describe('planDelegation', () => {
  test('on version 2 gives the files that the kernel names, as far as they are there', () => {
    const files = ['cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control', 'memory.oom.group', 'memory.reclaim'];
    const read = reader({ '/sys/kernel/cgroup/delegate': `${files.join('\n')}\n` }, ['memory.reclaim']);
    expect(planDelegation(['/sys/fs/cgroup/made-up'], { mountinfo: V2, read })).toEqual({
      files: ['', '/cgroup.procs', '/cgroup.threads', '/cgroup.subtree_control', '/memory.oom.group'].map(
        (file) => `/sys/fs/cgroup/made-up${file}`,
      ),
      kept: [],
    });
  });

  test('before Linux 4.15, which has no list, gives those that were its beginning', () => {
    const { files } = planDelegation(['/sys/fs/cgroup/made-up'], { mountinfo: V2, read: reader({}, ['threads']) });
    expect(files.map((file) => file.replace('/sys/fs/cgroup/made-up', ''))).toEqual([
      '',
      '/cgroup.procs',
      '/cgroup.subtree_control',
    ]);
  });

  test('on version 1 gives what is safe, and tells of the rest', () => {
    const directories = ['pids', 'cpu,cpuacct', 'memory', 'freezer'].map((one) => `/sys/fs/cgroup/${one}/made-up`);
    const { files, kept } = planDelegation(directories, { mountinfo: V1, read: reader({}, []) });
    expect(files).toEqual(
      ['pids', 'cpu,cpuacct'].flatMap((one) =>
        ['', '/cgroup.procs', '/tasks'].map((file) => `/sys/fs/cgroup/${one}/made-up${file}`),
      ),
    );
    expect(kept.map(({ directory }) => directory)).toEqual(directories.slice(2));
    expect(kept[0]?.reason).toContain('groups of memory');
  });

  test('a group of which nothing is safe is refused with the alternative', () => {
    const facts = { mountinfo: V1, read: reader({}, []) };
    const attempt = (): unknown =>
      delegate({ directories: ['/sys/fs/cgroup/memory/made-up'] }, { uid: 1000 }, { facts });
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'EOPNOTSUPP', hint: expect.stringContaining('version 2') }),
    );
  });

  test('a group that is gone is ENOENT', () => {
    const facts = { mountinfo: V2, read: () => undefined };
    let failure: unknown;
    try {
      delegate({ directories: ['/sys/fs/cgroup/made-up'] }, { uid: 1000 }, { facts });
    } catch (error) {
      failure = error;
    }
    expect(isErrno(failure, 'ENOENT')).toBe(true);
    expect(failure).toMatchObject({ path: '/sys/fs/cgroup/made-up', syscall: 'chown' });
  });
});

/** Has the texts of some files, and an empty one for every other but those whose names end so. */
function reader(texts: Record<string, string>, missing: readonly string[]): (path: string) => string | undefined {
  return (path) => {
    if (texts[path] !== undefined) return texts[path];
    return path.startsWith('/sys/kernel') || missing.some((end) => path.endsWith(end)) ? undefined : '';
  };
}
