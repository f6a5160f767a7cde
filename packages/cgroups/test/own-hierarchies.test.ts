import { describe, expect, test } from '@jest/globals';
import { furtherPlaces, hierarchiesOf, open, ownHierarchies } from '../src/index.ts';

/** A hybrid machine: two controllers together, a hierarchy with a name alone, and a tree of version 2; seen from a group of its own. */
const FACTS = {
  mountinfo: [
    '30 1 0:1 / /cg/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
    '31 1 0:2 / /cg/systemd rw - cgroup cgroup rw,xattr,name=systemd',
    '32 1 0:3 / /cg/unified rw - cgroup2 cgroup2 rw',
    '33 1 0:2 / /again/systemd rw - cgroup cgroup rw,xattr,name=systemd',
    '34 1 0:4 / /proc rw - proc proc rw',
  ].join('\n'),
  selfCgroup: '3:cpu,cpuacct:/own\n2:name=systemd:/own\n0::/own\n',
  isWritable: () => true,
  read: () => undefined,
};

describe('the hierarchies that the caller is in', () => {
  test('are told once each, with what they are mounted with and where its own group is', () => {
    expect(ownHierarchies(FACTS)).toEqual([
      {
        options: ['cpu', 'cpuacct'],
        mountPoint: '/cg/cpu,cpuacct',
        directory: '/cg/cpu,cpuacct/own',
        isUnified: false,
      },
      { options: ['name=systemd'], mountPoint: '/cg/systemd', directory: '/cg/systemd/own', isUnified: false },
      { options: [], mountPoint: '/cg/unified', directory: '/cg/unified/own', isUnified: true },
    ]);
  });

  test('are left by no group that lies outside of what is mounted', () => {
    const directories = ownHierarchies({ ...FACTS, selfCgroup: '2:name=systemd:/../other\n' }).map(
      ({ directory }) => directory,
    );
    expect(directories).toEqual(['/cg/systemd']);
  });
});

describe('where a group can lie as well', () => {
  test('is in the hierarchies that it does not lie in, from the top or below the own group', () => {
    expect(furtherPlaces('/a/box', ['/cg/cpu,cpuacct/a/box'], FACTS)).toEqual([
      { directory: '/cg/systemd/a/box', mountPoint: '/cg/systemd', joinFile: '/cg/systemd/a/box/tasks' },
      { directory: '/cg/unified/a/box', mountPoint: '/cg/unified', joinFile: '/cg/unified/a/box/cgroup.procs' },
    ]);
    expect(furtherPlaces('box', [], FACTS).map(({ directory }) => directory)).toEqual([
      '/cg/cpu,cpuacct/own/box',
      '/cg/systemd/own/box',
      '/cg/unified/own/box',
    ]);
  });

  test('is only where the caller may make groups', () => {
    const isWritable = (path: string): boolean => path === '/cg/systemd';
    expect(furtherPlaces('/box', [], { ...FACTS, isWritable })).toHaveLength(1);
  });
});

test('a group that is taken up keeps its directories in hierarchies that have only a name', () => {
  const directories = ['/cg/systemd/box', '/cg/cpu,cpuacct/box', '/cg/unified/box'];
  expect([...open(directories, { facts: FACTS }).directories].sort()).toEqual(directories.sort());
});

test('a group that lies nowhere is not taken for frozen, and cannot be', async () => {
  const nowhere = open([], { facts: FACTS });
  expect(nowhere.eventSource().read()?.frozen).toBeUndefined();
  await expect(nowhere.freeze()).rejects.toMatchObject({ code: 'EOPNOTSUPP' });
  await expect(nowhere.thaw()).rejects.toMatchObject({ code: 'EOPNOTSUPP' });
});

test('the groups of another process are found as the own ones are, and none of a process that is not there', () => {
  expect(hierarchiesOf(process.pid)).toEqual(ownHierarchies());
  expect(() => hierarchiesOf(2 ** 22 + 1)).toThrow(expect.objectContaining({ code: 'ENOENT' })); // more than there can be
});
