import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '@coracle/errors';
import { type BusyboxRootfs, makeBusyboxRootfs, needs } from '@coracle/test-support';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { run } from '../../src/index.ts';
import { byDescriptor } from '../by-descriptor.ts';
import { asOrdinaryUser, EVERYBODY, makeScratch, type Scratch } from './scene.ts';

const MINUTE = 60_000;

afterAll(() => expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('volume-test'));

needs.describe(needs.root, needs.program('busybox'))('the place of a mount', () => {
  let rootfs: BusyboxRootfs;
  let scratch: Scratch;

  beforeEach(() => {
    rootfs = makeBusyboxRootfs();
    scratch = makeScratch();
    scratch.directory('source');
    scratch.file('source/file', 'mounted\n');
  });

  afterEach(() => {
    rootfs[Symbol.dispose]();
    scratch[Symbol.dispose]();
  });

  const inRoot = (path: string): string => join(rootfs.path, path);
  const link = (target: string, path: string): void => symlinkSync(target, inRoot(path));
  /** The container that is being made may make the directory anew in between. */
  const exchangeForLink = (target: string, path: string): void => {
    rmSync(inRoot(path), { recursive: true });
    try {
      link(target, path);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      exchangeForLink(target, path);
    }
  };
  const file = (target: string): { source: string; target: string } => ({
    source: join(scratch.path, 'source/file'),
    target,
  });
  const directory = (target: string): { source: string; target: string } => ({
    source: join(scratch.path, 'source'),
    target,
  });

  /** With a root of the host's, whose files get the ids of the container. */
  const everybody = EVERYBODY.filter(([who]) => byDescriptor.met || who !== 'root with user ids of its own');

  describe.each(everybody)('for %s', (who, sh) => {
    /** The root is the directory itself for root; others see its files as nobody's and take an overlay. */
    const rootOption = (): string | { path: string; overlay: boolean } =>
      who === 'root' ? rootfs.path : { path: rootfs.path, overlay: true };

    test.each([
      ['an absolute link', '/run/systemd/resolve/stub-resolv.conf', '/run/systemd/resolve/stub-resolv.conf'],
      ['a relative link', '../run/resolv.conf', '/run/resolv.conf'],
      ['a link that climbs over the top', `${'../'.repeat(9)}run/../run/./new`, '/run/new'],
    ])(
      'may be %s that ends nowhere: what is missing is made where it ends',
      async (_, target, place) => {
        link(target, 'etc/resolv.conf');
        const outside = existsSync(place) && readFileSync(place, 'utf8');
        const { stdout, stderr } = await sh(`cat /etc/resolv.conf ${place}; ls -l /etc/resolv.conf`, {
          root: rootOption(),
          volumes: [file('/etc/resolv.conf')],
        });
        expect(stderr).toBe('');
        expect(stdout).toMatch(/^mounted\nmounted\nl/);
        expect(existsSync(place) && readFileSync(place, 'utf8')).toBe(outside);
        expect(existsSync(inRoot(place))).toBe(who === 'root');
      },
      MINUTE,
    );

    test(
      'may lie behind links to directories that are not there',
      async () => {
        link('b/c', 'a');
        link('/d', 'b');
        const { stdout } = await sh('cat /d/c/deep/er/file', {
          root: rootOption(),
          volumes: [directory('/a/deep/er')],
        });
        expect(stdout).toBe('mounted\n');
      },
      MINUTE,
    );

    test(
      'may lie in a mount that is made before, whose links are followed too',
      async () => {
        symlinkSync('/mem/there', join(scratch.path, 'source/link'));
        const { stdout } = await sh('cat /mem/there/file; ls /data; cat /data/sub/file', {
          root: rootOption(),
          volumes: [directory('/data/link'), directory('/data'), directory('/data/sub')],
          tmpfs: [{ target: '/mem' }],
        });
        expect(stdout).toBe('mounted\nfile\nlink\nsub\nmounted\n');
      },
      MINUTE,
    );

    test(
      'cannot be a link in a circle',
      async () => {
        link('y', 'x');
        link('x', 'y');
        await expect(sh('true', { root: rootOption(), volumes: [directory('/x/new')] })).rejects.toMatchObject({
          code: 'ELOOP',
          hint: expect.stringContaining('circle'),
        });
      },
      MINUTE,
    );

    test.each([
      ['/foo', '/proc'],
      ['/foo', 'etc/../proc/sys'],
      ['/foo/sys/kernel', 'bar'],
      ['/foo/data', '/proc/self/root'],
    ])(
      'cannot be %s when that is a link to %s',
      async (target, to) => {
        link(to, 'foo');
        link('/proc', 'bar');
        await expect(sh('true', { root: rootOption(), volumes: [directory(target)] })).rejects.toMatchObject({
          code: 'ERR_CORACLE_OPTION',
          message: expect.stringMatching(`nothing can be mounted on ${target}, which leads through /proc`),
        });
      },
      MINUTE,
    );
  });

  test('is a file for a file and a directory for a directory', async () => {
    const root = rootfs.path;
    await expect(run('true', [], { root, volumes: [file('/tmp')] })).rejects.toThrow(
      'a file cannot be mounted on /tmp, which is a directory in the container',
    );
    await expect(run('true', [], { root, volumes: [directory('/etc/passwd')] })).rejects.toThrow(
      'a directory cannot be mounted on /etc/passwd, which is a file in the container',
    );
    await expect(run('true', [], { root, volumes: [file('/etc/passwd/x')] })).rejects.toMatchObject({
      code: 'ENOTDIR',
    });
  });

  test('is not used twice, by whatever name', async () => {
    link('tmp', 'temporary');
    await expect(
      run('true', [], { root: rootfs.path, volumes: [directory('/tmp'), directory('/temporary')] }),
    ).rejects.toThrow('two mounts are to be on /temporary (that is /tmp)');
  });

  test('may be one of the usual mounts, which it replaces then', async () => {
    const { stdout } = await run('sh', ['-c', 'cat /dev/shm/file; grep -c " /dev/shm " /proc/mounts; ls /dev/null'], {
      root: rootfs.path,
      volumes: [directory('/dev/shm')],
    });
    expect(stdout).toBe('mounted\n1\n/dev/null\n');
  });

  test('may be /dev: a tmpfs there has the usual devices, a directory of the host is used as it is', async () => {
    const memory = await run('sh', ['-c', 'echo x > /dev/null && ls /dev'], {
      root: rootfs.path,
      tmpfs: [{ target: '/dev/', options: ['size=1m'] }],
    });
    expect(memory.stdout).toContain('null');
    const source = join(scratch.path, 'source');
    for (const userNamespace of byDescriptor.met ? (['host', 'auto'] as const) : (['host'] as const)) {
      const own = await run('ls', ['/dev'], { root: rootfs.path, volumes: [directory('/dev')], userNamespace });
      expect(own.stdout.split('\n')).toEqual(expect.arrayContaining(['file', 'shm', 'pts']));
      expect(readdirSync(source).filter((name) => !['file', 'shm', 'pts', 'mqueue'].includes(name))).toEqual([]);
    }
  });

  test('in the host root follows the links of the host, and cannot be made among its programs', async () => {
    await expect(run('true', [], { volumes: [directory('/usr/not-there')] })).rejects.toMatchObject({
      message: expect.stringContaining('there is no /usr/not-there to mount on'),
      hint: expect.any(String),
    });
    const { stdout } = await run('cat', ['/srv/new/file', '/usr/bin/env'], {
      volumes: [directory('/srv/new'), file('/usr/bin/env')],
    });
    expect(stdout).toBe('mounted\nmounted\n');
  });

  test('cannot be moved onto the /proc of the container by a root that changes meanwhile', async () => {
    // What the attacker wins at best: the directory is exchanged for a link after it was looked at.
    mkdirSync(inRoot('data'));
    const running = run('sh', ['-c', 'cat /proc/file; cat /proc/1/comm; :'], {
      root: rootfs.path,
      volumes: [directory('/data')],
    });
    exchangeForLink('/proc', 'data');
    const { stdout } = await running;
    expect(stdout).toBe('sh\n');
  });

  test('where an ordinary user may not look is left to the kernel, which refuses it', async () => {
    mkdirSync(inRoot('closed'), { mode: 0o700 });
    writeFileSync(inRoot('closed/x'), '');
    await expect(asOrdinaryUser('true', { root: rootfs.path, volumes: [file('/closed/x')] })).rejects.toMatchObject({
      code: 'EACCES',
      syscall: 'openat2',
    });
  });
});
