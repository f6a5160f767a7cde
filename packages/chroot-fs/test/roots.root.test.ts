import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  attach,
  changeRoot,
  cloneTree,
  createFilesystem,
  enterNewRoot,
  enterWorkingDirectory,
  furnishHostRoot,
  inspectHost,
  leaveOldRoot,
  makeRootReadOnly,
  openMountpoint,
  parseMountOptions,
  populateDev,
  type RootSource,
} from '@coracle/chroot-fs';
import { chdir, flags, MS, mkdirat, mount, output, resultOf, type Step, step } from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { afterAll, expect, test } from '@jest/globals';
import { byDescriptor } from './by-descriptor.ts';
import { Inside } from './inside.ts';
import { makeScene } from './rootfs.ts';

const rootfs = resultOf('rootfs');
const options = parseMountOptions;

/** A proc on /proc, to see mounts with. */
const showProc: Step[] = [
  ...createFilesystem({ type: 'proc' }, 'show processes'),
  ...openMountpoint({ root: rootfs, path: '/proc', kind: 'directory' }, 'show processes'),
  attach('mount', 'show processes'),
];

const enter = (source: RootSource, more: readonly Step[] = []): Step[] => [
  ...enterNewRoot(source),
  ...more,
  ...leaveOldRoot(),
];

async function whereAmI(inside: Inside): Promise<string> {
  const outcome = await inside.run([step('getcwd', [output('cwd', 4096), 4096], 'ask where we are')]);
  return Buffer.from(outcome.output('cwd')).toString().replace(/\0+$/, '');
}

/** No mount of a test is to be seen by the host. */
afterAll(() => expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('chroot-fs-test-'));

needs.describe(needs.root)('a new root', () => {
  test('bound from a directory shows its files, keeps changes, and starts at the top', async () => {
    using scene = makeScene({ 'etc/name': 'box\n' });
    using inside = await Inside.start();
    await inside.run(enter({ kind: 'bind', path: scene.rootfs }));
    expect(await inside.read('/etc/name')).toBe('box\n');
    expect(await whereAmI(inside)).toBe('/');
    expect(await inside.write('/etc/new')).toBeUndefined();
    expect(readFileSync(join(scene.rootfs, 'etc/new'), 'utf8')).toBe('changed\n');
  });

  test.each(['bind', 'overlay', 'tmpfs'] as const)(
    'of kind %s leaves no mount of the host, and no way up',
    async (kind) => {
      using scene = makeScene();
      using inside = await Inside.start();
      await inside.run(enter({ kind, path: scene.rootfs, inUserNamespace: false }, showProc));
      expect(await inside.mountPoints()).toEqual(['/', '/proc']);
      for (const way of [
        scene.path,
        `/../../../../..${scene.path}`,
        `/proc/1/root${scene.path}`,
        `/proc/1/cwd${scene.path}`,
      ])
        expect(await inside.has(way)).toBe(false);
    },
  );

  test('with an overlay throws changes away and leaves the directory below untouched', async () => {
    using scene = makeScene({ 'etc/name': 'box\n', 'etc/other': 'kept\n' });
    {
      using inside = await Inside.start();
      await inside.run(enter({ kind: 'overlay', path: scene.rootfs, inUserNamespace: false }));
      expect(await inside.write('/etc/name', 'new\n')).toBeUndefined();
      expect(await inside.write('/etc/made')).toBeUndefined();
      await inside.run([step('unlinkat', [-100, '/etc/other', 0], 'remove a file')]);
      expect(await inside.read('/etc/name')).toBe('new\n');
      expect(await inside.has('/etc/other')).toBe(false);
    }
    expect(readFileSync(join(scene.rootfs, 'etc/name'), 'utf8')).toBe('box\n');
    expect(readdirSync(join(scene.rootfs, 'etc')).toSorted()).toEqual(['name', 'other']);
  });

  test('with an overlay takes a directory whose name has commas, colons and backslashes', async () => {
    using scene = makeScene({ 'odd,lowerdir=:\\/etc/name': 'odd\n' });
    using inside = await Inside.start();
    const path = join(scene.rootfs, 'odd,lowerdir=:\\');
    await inside.run(enter({ kind: 'overlay', path, inUserNamespace: false }));
    expect(await inside.read('/etc/name')).toBe('odd\n');
  });

  test('that is a file, or is not there, is refused with its name', async () => {
    using scene = makeScene({ 'etc/name': 'box\n' });
    for (const kind of ['bind', 'overlay'] as const) {
      using inside = await Inside.start();
      const refuse = (path: string) => inside.refusal(enter({ kind, path, inUserNamespace: false }));
      expect(await refuse(join(scene.rootfs, 'none'))).toMatchObject({
        code: 'ENOENT',
        path: join(scene.rootfs, 'none'),
      });
      using another = await Inside.start();
      const file = join(scene.rootfs, 'etc/name');
      expect(['ENOTDIR', 'EINVAL']).toContain(
        (await another.refusal(enter({ kind, path: file, inUserNamespace: false })))?.code,
      );
    }
  });

  test('left with something above it is refused: the host would be behind /..', async () => {
    using scene = makeScene();
    using inside = await Inside.start();
    const between = [
      ...createFilesystem({ type: 'tmpfs' }, 'lie in between'),
      step('move_mount', [resultOf('mount'), '', -100, '/', 4], 'lie in between'),
    ];
    const [guard] = leaveOldRoot().slice(-1);
    const careless = [
      ...between,
      ...enterNewRoot({ kind: 'bind', path: scene.rootfs }),
      ...leaveOldRoot().slice(0, -1),
    ];
    await inside.run(careless);
    expect(await inside.has(`/..${scene.path}`)).toBe(true);
    expect(await inside.refusal(guard ? [guard] : [])).toMatchObject({ code: 'EXDEV', syscall: 'openat2' });
  });

  test('made read-only refuses changes, while what is mounted on it takes them', async () => {
    using scene = makeScene({ tmp: null });
    using inside = await Inside.start();
    const tmp = [
      ...createFilesystem({ type: 'tmpfs' }, 'have a /tmp'),
      ...openMountpoint({ root: rootfs, path: '/tmp', kind: 'directory' }, 'have a /tmp'),
      attach('mount', 'have a /tmp'),
    ];
    await inside.run([...enter({ kind: 'bind', path: scene.rootfs }, tmp), makeRootReadOnly()]);
    expect(await inside.write('/etc/new')).toBe('EROFS');
    expect(await inside.write('/tmp/new')).toBeUndefined();
    writeFileSync(join(scene.rootfs, 'etc/host'), 'the host still may');
  });

  test('with chroot hides the rest by name', async () => {
    using scene = makeScene({ 'etc/name': 'box\n' });
    using inside = await Inside.start();
    await inside.run(changeRoot(scene.rootfs));
    expect(await inside.read('/etc/name')).toBe('box\n');
    expect(await inside.has(scene.path)).toBe(false);
  });

  test('with chroot is left again by a second chroot, as its documentation says; with pivot_root it is not', async () => {
    using scene = makeScene();
    const climbOut = [
      mkdirat({ path: '/trap' }, 'dig'),
      step('chroot', ['/trap'], 'dig'),
      ...Array.from({ length: 20 }, () => chdir('..', 'climb')),
      step('chroot', ['.'], 'arrive'),
    ];
    using simple = await Inside.start();
    await simple.run([...changeRoot(scene.rootfs), ...climbOut]);
    expect(await simple.has(scene.path)).toBe(true);
    rmSync(join(scene.rootfs, 'trap'), { recursive: true });
    using real = await Inside.start();
    await real.run([...enter({ kind: 'bind', path: scene.rootfs }), ...climbOut]);
    expect(await real.has(scene.path)).toBe(false);
  });
});

needs.describe(needs.root)('the host root', () => {
  test('shows programs that cannot be changed, settings, and nothing of anybody', async () => {
    using inside = await Inside.start();
    await inside.run(enter({ kind: 'tmpfs' }, [...furnishHostRoot(inspectHost(), { hostname: 'box' }), ...showProc]));
    expect(await inside.has('/usr/bin/env')).toBe(true);
    expect(await inside.has('/bin/sh')).toBe(true);
    expect(await inside.read('/etc/passwd')).toBe(readFileSync('/etc/passwd', 'utf8').slice(0, 32 * 1024));
    expect(await inside.read('/etc/hostname')).toBe('box\n');
    expect(await inside.read('/etc/hosts')).toContain('127.0.1.1\tbox\n');
    for (const secret of [
      '/etc/shadow',
      '/etc/gshadow',
      '/etc/ssh',
      '/etc/ssl/private',
      '/root/.ssh',
      '/boot',
      '/srv',
      '/mnt',
    ])
      expect(await inside.has(secret)).toBe(false);
    for (const path of ['/usr/new', '/usr/bin/new', '/bin/new', '/lib/new'])
      expect(await inside.write(path)).toBe('EROFS');
    for (const path of ['/tmp/new', '/root/new', '/home/new', '/var/tmp/new', '/etc/passwd'])
      expect(await inside.write(path)).toBeUndefined();
    expect(existsSync('/root/new') || existsSync('/home/new')).toBe(false);
    for (const line of (await inside.mountLines()).filter((line) => / \/usr | \/etc\//.test(line)))
      expect(line.split(' ')[5]).toMatch(/^ro,nosuid/);
  });

  test('takes links and settings in directories that only they need, byte by byte, and none that are gone by then', async () => {
    using scene = makeScene({ 'etc/pki/tls/text': 'größe = 1\n', 'etc/ssl/empty': '' });
    const odd = Buffer.from([0x54, 0x5a, 0x69, 0x66, 0xff, 0xfe, 0x80]);
    writeFileSync(join(scene.rootfs, 'etc/odd'), odd);
    using inside = await Inside.start();
    const facts = {
      links: [{ path: '/etc/ssl/certs', target: '/usr/share/certs' }],
      copied: ['/etc/pki/tls/text', '/etc/ssl/empty', '/etc/odd', '/etc/gone'],
      shown: [],
    };
    const bindEtc = mount(
      { source: join(scene.rootfs, 'etc'), target: '/etc', flags: flags(MS, 'MS_BIND') },
      'have an odd /etc',
    );
    await inside.run([bindEtc, ...enter({ kind: 'tmpfs' }, furnishHostRoot(facts, { hostname: 'box' }))]);
    expect(await inside.read('/etc/pki/tls/text')).toBe('größe = 1\n');
    expect(await inside.read('/etc/ssl/empty')).toBe('');
    expect(await inside.bytes('/etc/odd')).toEqual(odd);
    expect(await inside.has('/etc/gone')).toBe(false);
    expect((await inside.refusal([mkdirat({ path: '/etc/ssl/certs' }, 'look')]))?.code).toBe('EEXIST');
  });
});

needs.describe(needs.root)('a volume', () => {
  /** The source is a tmpfs with a second one inside, made in the namespace only. */
  const nested = (source: string): Step[] => [
    mount({ source: 'a', target: source, type: 'tmpfs' }, 'make a volume'),
    mkdirat({ path: `${source}/below` }, 'make a volume'),
    mount({ source: 'b', target: `${source}/below`, type: 'tmpfs' }, 'make a volume'),
  ];

  const enterWith = (source: string, words: readonly string[], target: string): Step[] => [
    ...enterNewRoot({ kind: 'tmpfs' }),
    ...cloneTree({ source, options: options(words) }, 'bring in the volume'),
    ...openMountpoint({ root: rootfs, path: target, kind: 'directory' }, 'bring in the volume'),
    attach('mount', 'bring in the volume'),
    ...showProc,
    ...leaveOldRoot(),
  ];

  /** Makes the volume first: the older mount calls are planned from what is mounted. */
  const bringIn = async (inside: Inside, source: string, words: readonly string[], target = '/data'): Promise<void> => {
    await inside.run(nested(source));
    await inside.run(enterWith(source, words, target));
  };

  test.each([['ro'], ['rro']])('with %s is read-only, and so is what is mounted in it', async (word) => {
    using scene = makeScene();
    using inside = await Inside.start();
    await bringIn(inside, scene.outside, ['rbind', word]);
    expect(await inside.write('/data/new')).toBe('EROFS');
    expect(await inside.write('/data/below/new')).toBe('EROFS');
  });

  test('that is writable takes changes at every depth, and its parents are made', async () => {
    using scene = makeScene();
    using inside = await Inside.start();
    await bringIn(inside, scene.outside, ['rbind'], '/a/b/data');
    expect(await inside.write('/a/b/data/new')).toBeUndefined();
    expect(await inside.write('/a/b/data/below/new')).toBeUndefined();
  });

  test('bound without what is mounted in it shows the bare directory', async () => {
    using scene = makeScene();
    using inside = await Inside.start();
    await bringIn(inside, scene.outside, ['bind', 'ro']);
    expect(await inside.mountPoints()).toEqual(['/', '/data', '/proc']);
  });

  test.each([
    ['noatime', 'noatime'],
    ['nosuid', 'nosuid'],
    ['nodev', 'nodev'],
    ['noexec', 'noexec'],
    ['nodiratime', 'nodiratime'],
    ['nosymfollow', 'nosymfollow'],
  ])('with %s has that attribute at every depth', async (word, shown) => {
    using scene = makeScene();
    using inside = await Inside.start();
    await bringIn(inside, scene.outside, ['rbind', word]);
    const lines = (await inside.mountLines()).filter((line) => line.includes(' /data'));
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.split(' ')[5]?.split(',')).toContain(shown);
  });

  test.each([
    ...(byDescriptor.met
      ? ([
          [['rbind', 'rshared'], /shared:/],
          [['rbind', 'runbindable'], /unbindable/],
        ] as const)
      : []),
    [['rbind', 'rprivate'], /^((?!shared|master|unbindable).)*$/],
    [['rbind'], /^((?!shared|master|unbindable).)*$/],
  ])('with %j propagates so', async (words, pattern) => {
    using scene = makeScene();
    using inside = await Inside.start();
    await bringIn(inside, scene.outside, words);
    const lines = (await inside.mountLines()).filter((line) => line.includes(' /data'));
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.split(' - ')[0]).toMatch(pattern);
  });

  test('that is a file goes on a file, made where there is none', async () => {
    using scene = makeScene();
    using inside = await Inside.start();
    const why = 'bring in a file';
    await inside.run(
      enter({ kind: 'tmpfs' }, [
        ...cloneTree({ source: join(scene.outside, 'canary'), options: options(['rbind', 'ro']) }, why),
        ...openMountpoint({ root: rootfs, path: '/etc/deep/file', kind: 'file' }, why),
        attach('mount', why),
      ]),
    );
    expect(await inside.read('/etc/deep/file')).toBe('alive\n');
    expect(await inside.write('/etc/deep/file')).toBe('EROFS');
  });
});

needs.describe(needs.root)('mountpoints', () => {
  const put = (path: string, opened: Set<string>): Step[] => [
    ...createFilesystem({ type: 'tmpfs', options: ['mode=700'] }, `have ${path}`),
    ...openMountpoint({ root: rootfs, path, kind: 'directory' }, `have ${path}`, opened),
    attach('mount', `have ${path}`),
  ];

  test('of one program may share parents, nest, and hide each other', async () => {
    using inside = await Inside.start();
    const opened = new Set<string>();
    const paths = ['/a/b/c', '/a/b/d', '/a', '/a/b/e', '/a/b/e/f/g', '/'];
    await inside.run(
      enter({ kind: 'tmpfs' }, [...paths.slice(0, -1).flatMap((path) => put(path, opened)), ...showProc]),
    );
    const seen = await inside.mountPoints();
    expect(seen).toEqual(['/', '/a/b/c', '/a/b/d', '/a', '/a/b/e', '/a/b/e/f/g', '/proc']);
    expect(await inside.has('/a/b/c')).toBe(false);
    expect(await inside.has('/a/b/e/f/g')).toBe(true);
  });

  test('that exist in a root that cannot be written are used; missing ones are refused', async () => {
    using scene = makeScene();
    using inside = await Inside.start();
    const readOnly = [
      mount({ source: 'a', target: scene.outside, type: 'tmpfs' }, 'make a root'),
      mkdirat({ path: `${scene.outside}/there` }, 'make a root'),
      ...cloneTree({ source: scene.outside, options: options(['rbind', 'ro']), result: 'rootfs' }, 'make a root'),
    ];
    await inside.run([...readOnly, ...put('/there', new Set())]);
    expect(await inside.refusal([...readOnly, ...put('/missing', new Set())])).toMatchObject({
      code: 'ENOENT',
      syscall: 'openat2',
      path: 'missing',
    });
  });

  test('that are of the other kind are refused', async () => {
    using scene = makeScene({ 'etc/file': '' });
    using inside = await Inside.start();
    await inside.run(enterNewRoot({ kind: 'bind', path: scene.rootfs }));
    const root = cloneTree({ source: scene.rootfs, options: options(['rbind']), result: 'rootfs' }, 'use the root');
    expect((await inside.refusal([...root, ...put('/etc/file', new Set())]))?.code).toBe('ENOTDIR');
    const fileOnDirectory = [
      ...root,
      ...cloneTree({ source: join(scene.outside, 'canary'), options: options(['rbind']) }, 'bring in a file'),
      ...openMountpoint({ root: rootfs, path: '/etc', kind: 'file' }, 'bring in a file'),
      attach('mount', 'bring in a file'),
    ];
    expect((await inside.refusal(fileOnDirectory))?.syscall).toBe(byDescriptor.met ? 'move_mount' : 'mount');
  });
});

needs.describe(needs.root)('devices', () => {
  const dev = (source: 'mknod' | 'bind'): Step[] => [
    ...createFilesystem({ type: 'tmpfs', options: ['mode=755', 'nosuid'] }, 'have a /dev'),
    ...populateDev({ dev: 'mount', source }),
    ...openMountpoint({ root: rootfs, path: '/dev', kind: 'directory' }, 'have a /dev'),
    attach('mount', 'have a /dev'),
  ];

  test('that were made swallow, give zeros, are full, and are random', async () => {
    using inside = await Inside.start();
    await inside.run(enter({ kind: 'tmpfs' }, [...dev('mknod'), ...showProc]));
    expect(await inside.write('/dev/null')).toBeUndefined();
    expect(await inside.read('/dev/null')).toBe('');
    expect(await inside.read('/dev/zero')).toMatch(/^\0+$/);
    expect(await inside.write('/dev/full')).toBe('ENOSPC');
    expect(await inside.read('/dev/urandom')).not.toBe(await inside.read('/dev/urandom'));
    expect(await inside.has('/dev/fd/3')).toBe(true);
  });
});

needs.describe(needs.root)('the working directory', () => {
  test('is made with its parents, where asked to', async () => {
    using scene = makeScene();
    using inside = await Inside.start();
    await inside.run(enter({ kind: 'bind', path: scene.rootfs }));
    expect((await inside.refusal(enterWorkingDirectory('/srv/a/b')))?.code).toBe('ENOENT');
    await inside.run(enterWorkingDirectory('/srv/a/b', { create: true }));
    expect(await whereAmI(inside)).toBe('/srv/a/b');
    await inside.run([chdir('/', 'go back'), ...enterWorkingDirectory('/srv/a/b', { create: true })]);
    await inside.run([chdir('/', 'go back'), ...enterWorkingDirectory('/', { create: true })]);
    expect(await whereAmI(inside)).toBe('/');
    expect(existsSync('/srv/a')).toBe(false);
  });

  test('is taken in a root that cannot be written, if it is there', async () => {
    using scene = makeScene({ srv: null });
    using inside = await Inside.start();
    await inside.run([...enter({ kind: 'bind', path: scene.rootfs }), makeRootReadOnly()]);
    await inside.run(enterWorkingDirectory('/srv', { create: true }));
    expect(await whereAmI(inside)).toBe('/srv');
  });

  test('follows links of the root inside it', async () => {
    using scene = makeScene({ 'real/deep': null, link: { link: '/real' } });
    using inside = await Inside.start();
    await inside.run(enter({ kind: 'bind', path: scene.rootfs }));
    await inside.run(enterWorkingDirectory('/link/deep/made', { create: true }));
    expect(await whereAmI(inside)).toBe('/real/deep/made');
  });
});
