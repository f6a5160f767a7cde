import { type MountInfo, mountOf, parseMountinfo } from '@coracle/mountinfo';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fixture } from './fixture.ts';

const at = (id: number, parentId: number, mountPoint: string): MountInfo => ({
  id,
  parentId,
  major: 0,
  minor: id,
  root: '/',
  mountPoint,
  options: ['rw'],
  tags: {},
  type: 'tmpfs',
  source: 'tmpfs',
  superOptions: ['rw'],
});
const idOf = (mounts: MountInfo[], path: string): number | undefined => mountOf(mounts, path)?.id;

describe('the mount that contains a path', () => {
  test.each([
    ['/', 26],
    ['/etc/passwd', 26],
    ['/proc', 21],
    ['/proc/', 21],
    ['//proc//self', 21],
    ['/process', 26],
    ['/sys/fs', 22],
    ['/sys/fs/cgroup', 30],
    ['/sys/fs/cgroup/memory/box', 34],
    ['/sys/fs/cgroup/mem', 30],
    ['/dev/null', 23],
    ['/dev/pts/0', 28],
    ['/dev/shm', 29],
  ])('%s on a machine with cgroup v1 lies in mount %i', (path, id) => {
    expect(idOf(parseMountinfo(fixture('vm-cgroup-v1')), path)).toBe(id);
  });

  test.each([
    ['/proc/sys/fs/binfmt_misc', 310],
    ['/proc/sys', 22],
    ['/media/ana/Old photos\t2019/a.jpg', 655],
    ['/home/ana', 104],
  ])('%s on a laptop lies in mount %i', (path, id) => {
    expect(idOf(parseMountinfo(fixture('laptop-systemd-v2')), path)).toBe(id);
  });

  test.each([
    ['/', 714],
    ['/etc/hostname', 723],
    ['/proc/sys/kernel', 575],
    ['/proc/1', 715],
  ])('%s in a Docker container lies in mount %i', (path, id) => {
    expect(idOf(parseMountinfo(fixture('docker-container')), path)).toBe(id);
  });

  test('of mounts stacked on one directory the last one wins, wherever it stands in the list', () => {
    const stack = [at(1, 0, '/'), at(2, 1, '/a'), at(3, 2, '/a'), at(4, 3, '/a')];
    expect(idOf(stack, '/a/b')).toBe(4);
    expect(idOf(stack.reverse(), '/a/b')).toBe(4);
  });

  test('a mount hidden by a later one on a directory above is not found', () => {
    const mounts = [at(1, 0, '/'), at(2, 1, '/a/b'), at(3, 1, '/a')];
    expect(idOf(mounts, '/a/b/c')).toBe(3);
  });

  test('a new root over the old one hides the mounts of the old', () => {
    expect(idOf([at(1, 1, '/'), at(2, 1, '/proc'), at(3, 1, '/')], '/proc')).toBe(3);
  });

  test('in a chroot that is no mount, only what is mounted below is found', () => {
    const mounts = [at(7, 3, '/proc'), at(8, 3, '/dev'), at(9, 8, '/dev/pts')];
    expect(mountOf(mounts, '/')).toBeUndefined();
    expect(mountOf(mounts, '/etc')).toBeUndefined();
    expect(idOf(mounts, '/dev/pts/1')).toBe(9);
  });

  test('no mounts contain nothing', () => {
    expect(mountOf([], '/')).toBeUndefined();
  });

  test.each(['', 'etc', './etc', '/etc/../proc', '/./etc'])(
    'the path %j is refused, as what it means is unknown',
    (path) => {
      expect(() => mountOf([at(1, 0, '/')], path)).toThrow(
        new TypeError(`expected an absolute path without '.' and '..', found '${path}'`),
      );
    },
  );

  test('any list, even one that no kernel writes, gives an answer that contains the path', () => {
    const id = fc.integer({ min: 0, max: 5 });
    const path = fc.array(fc.constantFrom('a', 'b'), { maxLength: 3 }).map((names) => `/${names.join('/')}`);
    const mounts = fc.array(fc.tuple(id, id, path).map(([own, parent, mountPoint]) => at(own, parent, mountPoint)));
    fc.assert(
      fc.property(mounts, path, (list, target) => {
        const found = mountOf(list, target);
        if (found === undefined) return;
        expect(`${target}/`.startsWith(found.mountPoint === '/' ? '/' : `${found.mountPoint}/`)).toBe(true);
      }),
    );
  });
});
