import { SystemError } from '@coracle/errors';
import type { OwnIds } from '@coracle/namespaces';
import { expect, test } from '@jest/globals';
import { isReachable, isReachableIfThere } from '../../src/oci/reachable.ts';

/** The namespace knows the ids of the host from 100000 on. */
const inside = ({ uid, gid }: OwnIds): OwnIds | undefined =>
  uid >= 100_000 && gid >= 100_000 ? { uid: uid - 100_000, gid: gid - 100_000 } : undefined;

interface Directory {
  mode: number;
  uid: number;
  gid: number;
}

const OPEN: Directory = { mode: 0o755, uid: 0, gid: 0 };

function reaches(path: string, directories: Record<string, Directory>, links: Record<string, string> = {}): boolean {
  const stat = (one: string): Directory => directories[links[one] ?? one] ?? OPEN;
  return isReachable(path, inside, { stat, real: (one) => links[one] ?? one });
}

test.each<[string, boolean, Directory]>([
  ['one that all may pass', true, OPEN],
  ['one of root alone', false, { mode: 0o700, uid: 0, gid: 0 }],
  ['one that its group may pass too', false, { mode: 0o750, uid: 0, gid: 0 }],
  ['one of a user of the namespace', true, { mode: 0o700, uid: 100_000, gid: 100_000 }],
  ['one of a user of the namespace and a group that it does not know', false, { mode: 0o700, uid: 100_000, gid: 5 }],
])('a path through a directory: %s', (_, is, directory) => {
  expect(reaches('/var/lib/pods/volume', { '/var/lib': directory })).toBe(is);
});

test('the rights to what is at its end are not asked for', () => {
  expect(reaches('/var/volume', { '/var/volume': { mode: 0, uid: 0, gid: 0 } })).toBe(true);
  expect(reaches('/', {})).toBe(true);
});

test('a link is as far as where it leads', () => {
  const closed = { '/secret': { mode: 0o700, uid: 0, gid: 0 } };
  expect(reaches('/open/link', closed, { '/open/link': '/secret/volume' })).toBe(false);
  expect(reaches('/secret/link', closed, { '/secret/link': '/open/volume' })).toBe(false);
});

test('what is not there is left to others to tell of', () => {
  expect(isReachableIfThere('/nothing/at/all', inside)).toBe(true);
  const fail = (): never => {
    throw new SystemError({ code: 'ENOENT', syscall: 'stat' });
  };
  expect(() => isReachable('/x', inside, { stat: fail, real: (path) => path })).toThrow('ENOENT');
});
