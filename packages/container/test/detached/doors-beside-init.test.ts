import { expect, test } from '@jest/globals';
import { doorsBesideInit } from '../../src/detached/doors-beside-init.ts';

const PIDS = '/cg/pids/box/tasks';
const CLOSED = '/cg/unified/box/cgroup.procs';
const groupsOf = (directory: string): Parameters<typeof doorsBesideInit>[2] => {
  return (pid) => [
    { directory: '/cg/pids/elsewhere', isUnified: false },
    { directory: pid === 4711 ? directory : '/cg/unified/of/another', isUnified: true },
  ];
};

test('in place of a group that takes no process is that of the init below it', () => {
  const found = doorsBesideInit(
    [PIDS, CLOSED],
    { refused: CLOSED, init: 4711 },
    groupsOf('/cg/unified/box/init.scope'),
  );
  expect(found).toEqual([PIDS, '/cg/unified/box/init.scope/cgroup.procs']);
});

test('no group outside of the container takes its place, nor is anything but a door replaced', () => {
  const of = (refused: string | undefined, directory: string, init: number | undefined = 4711): string[] | undefined =>
    doorsBesideInit([PIDS, CLOSED], { refused, init }, groupsOf(directory));
  expect(of(CLOSED, '/cg/unified/box')).toBeUndefined();
  expect(of(CLOSED, '/cg/unified/boxes/init.scope')).toBeUndefined();
  expect(of(CLOSED, '/cg/unified')).toBeUndefined();
  expect(of('/elsewhere', '/cg/unified/box/init.scope')).toBeUndefined();
  expect(of(undefined, '/cg/unified/box/init.scope')).toBeUndefined();
  expect(of(CLOSED, '/cg/unified/box/init.scope', 4712)).toBeUndefined();
});
