import { expect, test } from '@jest/globals';
import { doorsOfSubgroups } from '../../src/detached/subgroups.ts';

const DOORS = [
  '/cg/cpu,cpuacct/box/tasks',
  '/cg/pids/box/tasks',
  '/cg/systemd/box/tasks',
  '/cg/unified/box/cgroup.procs',
];
const machine = (...there: string[]): Parameters<typeof doorsOfSubgroups>[2] => ({
  hierarchies: [
    { mountPoint: '/cg/cpu,cpuacct', options: ['cpu', 'cpuacct'] },
    { mountPoint: '/cg/pids', options: ['pids'] },
    { mountPoint: '/cg/systemd', options: ['name=systemd'] },
    { mountPoint: '/cg/unified', options: [] },
  ],
  exists: (path) => there.includes(path),
});

test('without any the groups of the container are joined', () => {
  expect(doorsOfSubgroups(DOORS, [], machine())).toEqual(DOORS);
});

test('one for all is joined in every hierarchy with controllers, and in the others where it is there', () => {
  const there = ['/cg/cpu,cpuacct/box/a/tasks', '/cg/pids/box/a/tasks', '/cg/systemd/box/a/tasks'];
  expect(doorsOfSubgroups(DOORS, [{ path: 'a' }], machine(...there))).toEqual([...there, DOORS[3]]);
  expect(() => doorsOfSubgroups(DOORS, [{ path: 'a' }], machine(...there.slice(1)))).toThrow(
    expect.objectContaining({ code: 'ENOENT', path: '/cg/cpu,cpuacct/box/a' }),
  );
});

test('those of some controllers are joined in their hierarchies', () => {
  const wanted = [{ controllers: ['pids'], path: '/a/b' }];
  expect(doorsOfSubgroups(DOORS, wanted, machine('/cg/pids/box/a/b/tasks'))).toEqual([
    DOORS[0],
    '/cg/pids/box/a/b/tasks',
    DOORS[2],
    DOORS[3],
  ]);
});

test('on version 2 there is one tree, and the group has to be there', () => {
  const unified = { hierarchies: [{ mountPoint: '/cg', options: [] }], exists: () => false };
  expect(() => doorsOfSubgroups(['/cg/box/cgroup.procs'], [{ path: 'a' }], unified)).toThrow(
    expect.objectContaining({ code: 'ENOENT', path: '/cg/box/a' }),
  );
});

test('a controller that is not there is told in the words that callers of runc look for', () => {
  const wanted = [{ controllers: ['whaaat'], path: '/' }];
  expect(() => doorsOfSubgroups(DOORS, wanted, machine())).toThrow(
    /^EINVAL: unknown controller: the container has no group of it, exec 'whaaat'/,
  );
});

test('what leads out, and a controller that is not there, is refused', () => {
  for (const wanted of [{ path: '..' }, { path: 'a/../../b' }, { controllers: ['misc'], path: 'a' }])
    expect(() => doorsOfSubgroups(DOORS, [wanted], machine())).toThrow(expect.objectContaining({ code: 'EINVAL' }));
});
