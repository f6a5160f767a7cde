import { lstatSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { IN_ROOT, lookInDirectory, resolveInRoot, type Seen } from '@coracle/chroot-fs';
import { isErrno } from '@coracle/errors';
import { closeFd, flags, OPEN, openat2, resultOf, runLocally } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

const lookUp =
  (tree: Readonly<Record<string, Seen>>) =>
  (path: string): Seen =>
    tree[path];

describe('where a path of a root leads', () => {
  const TREE = lookUp({
    '/etc': 'directory',
    '/etc/passwd': 'file',
    '/etc/resolv.conf': { link: '../run/resolv.conf' },
    '/etc/mtab': { link: '/proc/mounts' },
    '/etc/up': { link: '../../../../etc' },
    '/a': { link: 'b/c' },
    '/b': { link: '/d/' },
    '/self': { link: '.' },
  });

  test.each([
    ['/', '/', 'directory'],
    ['', '/', 'directory'],
    ['/etc', '/etc', 'directory'],
    ['/etc/passwd', '/etc/passwd', 'file'],
    ['etc//./passwd', '/etc/passwd', 'file'],
    ['/../../etc/passwd', '/etc/passwd', 'file'],
    ['/new/../etc', '/etc', 'directory'],
    ['/new/er', '/new/er', undefined],
    ['/etc/resolv.conf', '/run/resolv.conf', undefined],
    ['/etc/mtab', '/proc/mounts', undefined],
    ['/etc/up/passwd', '/etc/passwd', 'file'],
    ['/a/x', '/d/c/x', undefined],
    ['/self/self/self/etc', '/etc', 'directory'],
  ])('%s leads to %s (%s)', (path, place, kind) => {
    expect(resolveInRoot(path, TREE)).toEqual({ path: place, kind });
  });

  test('nowhere, when links go round in a circle', () => {
    const circle = lookUp({ '/x': { link: 'y' }, '/y': { link: '/x' }, '/grows': { link: 'grows/more' } });
    for (const path of ['/x', '/y/z', '/grows'])
      expect(() => resolveInRoot(path, circle)).toThrow(expect.objectContaining({ code: 'ELOOP', path }));
  });

  test('nowhere, when a file is in the way', () => {
    for (const path of ['/etc/passwd/x', '/etc/passwd/..'])
      expect(() => resolveInRoot(path, TREE)).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
  });

  test('what the look throws ends the walk', () => {
    const look = (path: string): Seen => {
      if (path === '/proc') throw new RangeError('not there');
      return TREE(path);
    };
    expect(() => resolveInRoot('/etc/mtab', look)).toThrow(RangeError);
    expect(resolveInRoot('/etc/resolv.conf', look).path).toBe('/run/resolv.conf');
  });
});

describe('a look into a directory of the host', () => {
  /** What openat2 with RESOLVE_IN_ROOT finds. */
  function asTheKernel(root: string, path: string): { path: string } | { code: string } {
    const directory = flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC');
    const outcome = runLocally([
      openat2({ path: root, flags: directory }, { why: 'find the root', result: 'root' }),
      openat2(
        { dir: resultOf('root'), path, flags: flags(OPEN, 'O_PATH', 'O_CLOEXEC'), resolve: IN_ROOT },
        { why: 'find it', result: 'found' },
      ),
    ]);
    const fds = [outcome.result('root'), outcome.result('found')];
    try {
      outcome.throwIfFailed();
      return { path: readlinkSync(`/proc/self/fd/${fds[1]}`).slice(root.length) || '/' };
    } catch (error) {
      // Something was renamed elsewhere while it looked.
      if (isErrno(error, 'EAGAIN')) return asTheKernel(root, path);
      for (const code of ['ENOENT', 'ELOOP', 'ENOTDIR'] as const) if (isErrno(error, code)) return { code };
      throw error;
    } finally {
      for (const fd of fds) if (fd !== undefined) closeFd(fd);
    }
  }

  const name = fc.constantFrom('a', 'b', 'c');
  const path = fc.array(fc.oneof({ weight: 4, arbitrary: name }, { weight: 1, arbitrary: fc.constant('..') }), {
    minLength: 1,
    maxLength: 4,
  });
  const text = fc.tuple(fc.boolean(), path).map(([isAbsolute, names]) => `${isAbsolute ? '/' : ''}${names.join('/')}`);
  const entry = fc.record({
    at: fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/')),
    what: fc.oneof(
      fc.constant('file' as const),
      fc.constant('directory' as const),
      text.map((link) => ({ link })),
    ),
  });

  /** What lies behind a link would be planted where it leads: among the host's files. */
  function leadsAway(root: string, at: string): boolean {
    const names = dirname(at).split('/');
    const parents = names.map((_, index) => join(root, ...names.slice(0, index + 1)));
    return parents.some((path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink());
  }

  function plant(
    root: string,
    entries: readonly { at: string; what: 'file' | 'directory' | { link: string } }[],
  ): void {
    for (const { at, what } of entries) {
      const there = join(root, at);
      try {
        if (leadsAway(root, at)) continue;
        mkdirSync(dirname(there), { recursive: true });
        if (what === 'directory') mkdirSync(there);
        else if (what === 'file') writeFileSync(there, '', { flag: 'wx' });
        else symlinkSync(what.link, there);
      } catch {
        // Something else is there already, or a file is in the way: one entry less.
      }
    }
  }

  test('finds what the kernel finds, and fails as it fails', () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), text, (entries, wanted) => {
        const root = mkdtempSync(join(tmpdir(), 'resolve-test-'));
        try {
          plant(root, entries);
          const kernel = asTheKernel(root, wanted);
          met.add('code' in kernel ? kernel.code : 'found');
          const mine = (): ReturnType<typeof resolveInRoot> => resolveInRoot(wanted, lookInDirectory(root));
          if ('path' in kernel) expect(mine()).toEqual({ path: kernel.path, kind: expect.any(String) });
          else if (kernel.code !== 'ENOENT') expect(mine).toThrow(expect.objectContaining({ code: kernel.code }));
        } finally {
          rmSync(root, { recursive: true });
        }
      }),
      { numRuns: 400 },
    );
    expect([...met].toSorted()).toEqual(expect.arrayContaining(['ENOENT', 'found']));
  });

  test('always ends in the root, and where it ends there is no link', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), text, (entries, wanted) => {
        const tree: Record<string, Seen> = Object.fromEntries(entries.map(({ at, what }) => [`/${at}`, what]));
        try {
          const place = resolveInRoot(wanted, lookUp(tree));
          expect(place.path).toMatch(/^\/([abc](\/[abc])*)?$/);
          expect(resolveInRoot(place.path, lookUp(tree)).path).toBe(place.path);
        } catch (error) {
          if (!isErrno(error, 'ELOOP', 'ENOTDIR')) throw error;
        }
      }),
    );
  });

  test('sees nothing where nothing is, and takes a socket or a device for a file', () => {
    expect(lookInDirectory('/no/such')('/x')).toBeUndefined();
    expect(lookInDirectory('')('/dev/null')).toBe('file');
    expect(lookInDirectory('')(`/${'x'.repeat(300)}`)).toBeUndefined();
  });
});
