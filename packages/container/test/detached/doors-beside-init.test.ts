import { SystemError } from '@coracle/errors';
import { expect, test } from '@jest/globals';
import { doorsBesideInit } from '../../src/detached/doors-beside-init.ts';

const PIDS = '/cg/pids/box/tasks';
const CLOSED = '/cg/unified/box/cgroup.procs';

/** The doors in place of those of the container, where one fails and its init is in a group. */
function doors(
  code: 'EBUSY' | 'ENOENT' | 'EACCES',
  directory: string,
  { path = CLOSED, init = 4711 }: { path?: string; init?: number } = {},
): string[] | undefined {
  const error = new SystemError({ code, syscall: 'write', path });
  return doorsBesideInit([PIDS, CLOSED], { error, init }, (pid) => [
    { directory: '/cg/pids/elsewhere', mountPoint: '/cg/pids', isUnified: false },
    {
      directory: pid === 4711 ? directory : '/cg/unified/box/another',
      mountPoint: '/cg/unified',
      isUnified: true,
    },
  ]);
}

test('in place of a group that takes no process is that of the init below it', () => {
  expect(doors('EBUSY', '/cg/unified/box/init.scope')).toEqual([PIDS, '/cg/unified/box/init.scope/cgroup.procs']);
  for (const outside of ['/cg/unified/box', '/cg/unified/boxes/init.scope', '/cg/unified'])
    expect(doors('EBUSY', outside)).toBeUndefined();
});

test('in place of a group that is gone is that of the init, wherever that is, but for the top of all', () => {
  expect(doors('ENOENT', '/cg/unified/other')).toEqual([PIDS, '/cg/unified/other/cgroup.procs']);
  expect(doors('ENOENT', '/cg/unified')).toBeUndefined();
});

test('nothing takes the place of a door of version 1, of what is no door, or for another reason', () => {
  expect(doors('ENOENT', '/cg/unified/other', { path: PIDS })).toBeUndefined();
  expect(doors('ENOENT', '/cg/unified/other', { path: '/proc/4711/ns/net' })).toBeUndefined();
  expect(doors('EACCES', '/cg/unified/box/init.scope')).toBeUndefined();
  expect(doors('EBUSY', '/cg/unified/other/init.scope', { init: 4712 })).toEqual([
    PIDS,
    '/cg/unified/box/another/cgroup.procs',
  ]);
});
