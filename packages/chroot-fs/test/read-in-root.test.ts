import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { readInRoot } from '@coracle/chroot-fs';
import {
  Agent,
  AT_FDCWD,
  FILE_LOCK,
  flags,
  mknodat,
  OPEN,
  openat,
  resultOf,
  runLocally,
  S,
  SIG,
  type Step,
  signalSet,
  step,
} from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { makeScene } from './rootfs.ts';

const openFiles = (): number => readdirSync('/proc/self/fd').length;

describe('a file of a root', () => {
  test.each(['/etc/passwd', 'etc/passwd', '//etc/./passwd', '/../../etc/passwd', '/link', '/chain', '/etc/up'])(
    'is read by %s',
    (path) => {
      using place = makeScene({
        'etc/passwd': 'röot:x\n',
        link: { link: '/etc/passwd' },
        chain: { link: 'link' },
        'etc/up': { link: '../../../../etc/passwd' },
      });
      expect(readInRoot(place.rootfs, path)).toBe('röot:x\n');
    },
  );

  test('may be empty, and may be missing', () => {
    using place = makeScene({ 'etc/empty': '', 'etc/dangling': { link: 'none' } });
    expect(readInRoot(place.rootfs, '/etc/empty')).toBe('');
    expect(readInRoot(place.rootfs, '/etc/none')).toBeUndefined();
    expect(readInRoot(place.rootfs, '/none/none')).toBeUndefined();
    expect(readInRoot(place.rootfs, '/etc/dangling')).toBeUndefined();
  });

  test('is read to its last byte up to 16 MiB, and not beyond', () => {
    const most = 16 << 20;
    using place = makeScene({ 'etc/full': 'x'.repeat(most), 'etc/over': 'x'.repeat(most + 1) });
    expect(readInRoot(place.rootfs, '/etc/full')).toHaveLength(most);
    expect(() => readInRoot(place.rootfs, '/etc/over')).toThrow(expect.objectContaining({ code: 'EFBIG' }));
  });

  test('of two gigabytes of nothing is refused', () => {
    using place = makeScene({ 'etc/sparse': '' });
    truncateSync(join(place.rootfs, 'etc/sparse'), 2 ** 31);
    expect(() => readInRoot(place.rootfs, '/etc/sparse')).toThrow(
      expect.objectContaining({ code: 'EFBIG', path: '/etc/sparse', hint: expect.any(String) }),
    );
  });

  test('is read by .. while names change elsewhere, where the kernel alone would say EAGAIN', async () => {
    using place = makeScene({ 'etc/passwd': 'text', 'etc/up': { link: '../../etc/../etc/passwd' } });
    using renamer = Agent.spawn({ title: 'renamer' });
    const [one, other] = [join(place.path, 'outside/canary'), join(place.path, 'outside/renamed')];
    const rename = (from: string, to: string): Step => step('renameat2', [AT_FDCWD, from, AT_FDCWD, to, 0], 'rename');
    const steps = Array.from({ length: 20_000 }, (_, index) => (index % 2 ? rename(other, one) : rename(one, other)));
    const renaming = renamer.channel.run({ steps });
    const came = Array.from({ length: 1000 }, () => {
      try {
        return readInRoot(place.rootfs, '/etc/up');
      } catch (error) {
        return String(error);
      }
    });
    (await renaming).throwIfFailed();
    expect([...new Set(came)]).toEqual(['text']);
  });

  test('that is a directory is refused', () => {
    using place = makeScene({});
    for (const path of ['/etc', '/', '/etc/..'])
      expect(() => readInRoot(place.rootfs, path)).toThrow(expect.objectContaining({ code: 'EISDIR', path }));
  });

  test.each([
    ['a name of 4096 bytes', `/${'n'.repeat(4096)}`, 'ENAMETOOLONG'],
    ['a name of 256 bytes', `/${'n'.repeat(256)}`, 'ENAMETOOLONG'],
    ['a file where a directory is needed', '/etc/file/below', 'ENOTDIR'],
    ['a link to itself', '/loop', 'ELOOP'],
    ['two links to each other', '/a', 'ELOOP'],
  ])('behind %s is refused', (_, path, code) => {
    using place = makeScene({ 'etc/file': '', loop: { link: 'loop' }, a: { link: 'b' }, b: { link: 'a' } });
    expect(() => readInRoot(place.rootfs, path)).toThrow(expect.objectContaining({ code }));
  });

  test('in a root that is not there, or is a file, is refused with the name of the root', () => {
    using place = makeScene({ file: '' });
    for (const [name, code] of [
      ['none', 'ENOENT'],
      ['file', 'ENOTDIR'],
    ] as const) {
      const root = join(place.rootfs, name);
      expect(() => readInRoot(root, '/etc/passwd')).toThrow(expect.objectContaining({ code, path: root }));
    }
  });

  test('with a NUL in its name is refused', () => {
    using place = makeScene({});
    expect(() => readInRoot(place.rootfs, '/etc/a\0b')).toThrow(TypeError);
  });
});

describe('a root that lies', () => {
  test('with a link to a file of the host stays among its own files', () => {
    using place = makeScene({}, { secret: 'secret\n' });
    for (const [name, target] of [
      ['absolute', join(place.outside, 'secret')],
      ['climbing', `../../${'../'.repeat(30)}${join(place.outside, 'secret').slice(1)}`],
      ['neighbour', '../../outside/secret'],
    ] as const) {
      const path = join(place.rootfs, 'etc', name);
      symlinkSync(target, path);
      expect(readFileSync(path, 'utf8')).toBe('secret\n');
      expect(readInRoot(place.rootfs, `/etc/${name}`)).toBeUndefined();
    }
  });

  test('with a link to /etc/shadow gives its own', () => {
    using place = makeScene({ 'etc/passwd': { link: '/etc/shadow' }, 'etc/shadow': 'mine\n' });
    expect(readInRoot(place.rootfs, '/etc/passwd')).toBe('mine\n');
  });

  test('with a pipe in the place of a file does not make anybody wait', () => {
    using place = makeScene({});
    execFileSync('mkfifo', [join(place.rootfs, 'etc/passwd')]);
    expect(() => readInRoot(place.rootfs, '/etc/passwd')).toThrow(
      expect.objectContaining({ code: 'EINVAL', path: '/etc/passwd', message: expect.stringContaining('regular') }),
    );
  });

  test('with a lease on a file does not make anybody wait', async () => {
    using place = makeScene({ 'etc/passwd': 'root\n' });
    using holder = Agent.spawn({ title: 'holder' });
    const path = join(place.rootfs, 'etc/passwd');
    const [F_SETLEASE, SIGIO] = [1024, 29];
    const why = 'take a lease, and not give it back when asked to';
    const taken = await holder.channel.run({
      steps: [
        step('rt_sigprocmask', [flags(SIG, 'SIG_BLOCK'), signalSet([SIGIO]), null, 8], why),
        openat({ path, flags: flags(OPEN, 'O_RDWR') }, { why, result: 'file' }),
        step('fcntl', [resultOf('file'), F_SETLEASE, FILE_LOCK.F_WRLCK], why),
      ],
    });
    taken.throwIfFailed();
    expect(() => readInRoot(place.rootfs, '/etc/passwd')).toThrow(
      expect.objectContaining({ code: 'EAGAIN', path: '/etc/passwd', hint: expect.any(String) }),
    );
  });

  const ordinary = { what: 'an ordinary user', met: process.geteuid?.() !== 0 };
  needs.test(ordinary)('with a file that its reader may not read tells which', () => {
    using place = makeScene({ 'etc/passwd': 'root\n' });
    chmodSync(join(place.rootfs, 'etc/passwd'), 0);
    expect(() => readInRoot(place.rootfs, '/etc/passwd')).toThrow(
      expect.objectContaining({ code: 'EACCES', path: '/etc/passwd', hint: expect.any(String) }),
    );
  });

  needs.test(needs.root)('with a device in the place of a file gets it not opened', () => {
    using place = makeScene({});
    // A device without a driver: opening it would be ENXIO, which is not what comes.
    for (const [name, device] of [
      ['etc/none', (60 << 8) | 1],
      ['etc/zero', (1 << 8) | 5],
    ] as const) {
      const path = join(place.rootfs, name);
      runLocally([mknodat({ path, mode: S.S_IFCHR | 0o666, device }, 'plant a device')]).throwIfFailed();
      expect(() => readInRoot(place.rootfs, name)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    }
    expect(() => readFileSync(join(place.rootfs, 'etc/none'))).toThrow(expect.objectContaining({ code: 'ENXIO' }));
  });

  test('with a link to a magic link of /proc is refused', () => {
    // The root is the host's own: magic links exist only where a proc is.
    expect(() => readInRoot('/', '/proc/self/root/etc/passwd')).toThrow(expect.objectContaining({ code: 'ELOOP' }));
  });
});

test('no descriptor stays open, whatever comes of it', () => {
  using place = makeScene({ 'etc/passwd': 'root\n', loop: { link: 'loop' } });
  readInRoot(place.rootfs, '/etc/passwd');
  const before = openFiles();
  for (const path of ['/etc/passwd', '/etc/none', '/etc', '/loop']) {
    try {
      readInRoot(place.rootfs, path);
    } catch {
      // What it throws is asked elsewhere.
    }
  }
  expect(openFiles()).toBe(before);
});
