import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  attach,
  bindDevices,
  cloneTree,
  createFilesystem,
  enterNewRoot,
  enterWorkingDirectory,
  leaveOldRoot,
  openMountpoint,
  parseMountOptions,
  populateDev,
} from '@coracle/chroot-fs';
import { Agent, mkdirat, mount, resultOf, type Step, step, umount2 } from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { afterAll, expect, test } from '@jest/globals';
import { Inside, mountByPath } from './inside.ts';
import { makeScene, type Scene } from './rootfs.ts';

const rootfs = resultOf('rootfs');

/** Puts a tmpfs on a path of the root. */
const put = (path: string, opened?: Set<string>): Step[] => [
  ...createFilesystem({ type: 'tmpfs' }, `have ${path}`),
  ...openMountpoint({ root: rootfs, path, kind: 'directory' }, `have ${path}`, opened),
  attach('mount', `have ${path}`),
];

/** Everything in a directory, with contents: what must be the same after an attack. */
function inventory(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((name) => {
      const path = join(directory, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      return `${name} ${stats?.mode} ${stats?.mtimeMs} ${stats?.isFile() ? readFileSync(path, 'utf8') : ''}`;
    });
}

afterAll(() => expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('chroot-fs-test-'));

/** Ways from a rootfs to the directory `outside` beside it. */
const LINKS: readonly (readonly [string, (scene: Scene, name: string) => void])[] = [
  ['an absolute link', ({ rootfs, outside }, name) => symlinkSync(outside, join(rootfs, name))],
  [
    'a relative link that climbs',
    ({ rootfs, outside }, name) => symlinkSync(`${'../'.repeat(20)}${outside.slice(1)}`, join(rootfs, name)),
  ],
  ['a link to its neighbour', ({ rootfs }, name) => symlinkSync('../outside', join(rootfs, name))],
  [
    'a chain of links',
    ({ rootfs, outside }, name) => {
      symlinkSync('etc/one', join(rootfs, name));
      symlinkSync('../two', join(rootfs, 'etc/one'));
      symlinkSync(outside, join(rootfs, 'two'));
    },
  ],
];

needs.describe(needs.root)('a root whose directories are links to the host', () => {
  const cases = LINKS.flatMap(([how, plant]) =>
    ['proc', 'dev', 'sys', 'data'].map((name) => [`/${name}`, how, name, plant] as const),
  );

  test.each(cases)('as %s by %s does not lead a mount there', async (path, _, name, plant) => {
    using scene = makeScene();
    rmSync(join(scene.rootfs, name), { recursive: true, force: true });
    plant(scene, name);
    const before = inventory(scene.outside);

    using naive = await Inside.start();
    await naive.run([mountByPath(join(scene.rootfs, name))]);
    expect(await naive.has(join(scene.outside, 'canary'))).toBe(false);

    using inside = await Inside.start();
    const failure = await inside.refusal([...enterNewRoot({ kind: 'bind', path: scene.rootfs }), ...put(path)]);
    // Where the link would end in the root there is nothing: a clear refusal. Seen from the host nothing is covered.
    // EAGAIN: while anything is renamed or mounted elsewhere, the kernel cannot be sure where `..` leads.
    expect(failure).toMatchObject({ code: expect.stringMatching(/^(ENOENT|EAGAIN)$/), syscall: 'openat2' });
    expect(await inside.has(join(scene.outside, 'canary'))).toBe(true);
    expect(inventory(scene.outside)).toEqual(before);
  });

  test('takes the mount when the link ends at a directory of the root of that name', async () => {
    using scene = makeScene();
    rmSync(join(scene.rootfs, 'proc'), { recursive: true });
    symlinkSync(scene.outside, join(scene.rootfs, 'proc'));
    mkdirSync(join(scene.rootfs, scene.outside), { recursive: true });
    const before = inventory(scene.outside);
    using inside = await Inside.start();
    const proc = [
      ...createFilesystem({ type: 'proc' }, 'show processes'),
      ...openMountpoint({ root: rootfs, path: '/proc', kind: 'directory' }, 'show processes'),
      attach('mount', 'show processes'),
    ];
    await inside.run([...enterNewRoot({ kind: 'bind', path: scene.rootfs }), ...proc, ...leaveOldRoot()]);
    expect(await inside.mountPoints()).toEqual(['/', scene.outside]);
    expect(inventory(scene.outside)).toEqual(before);
  });

  test.each([
    ['a loop', { 'etc/x': { link: 'x' } }, '/etc/x'],
    ['a loop of two', { a: { link: 'b' }, b: { link: 'a' } }, '/a/deep/er'],
    ['a magic link', { a: { link: '/proc/self/root' } }, '/a/new'],
  ])('refuses %s', async (_, tree, path) => {
    using scene = makeScene(tree);
    using inside = await Inside.start();
    const showProc = [
      ...createFilesystem({ type: 'proc' }, 'show processes'),
      ...openMountpoint({ root: rootfs, path: '/proc', kind: 'directory' }, 'show processes'),
      attach('mount', 'show processes'),
    ];
    const steps = [...enterNewRoot({ kind: 'bind', path: scene.rootfs }), ...showProc, ...put(path)];
    expect(await inside.refusal(steps)).toMatchObject({ code: 'ELOOP', syscall: 'openat2' });
  });

  test('gets no directory, no file and no device made on the host (CVE-2024-45310, CVE-2026-41579)', async () => {
    using scene = makeScene();
    rmSync(join(scene.rootfs, 'dev'), { recursive: true });
    symlinkSync(scene.outside, join(scene.rootfs, 'dev'));
    const before = inventory(scene.outside);

    mkdirSync(join(scene.rootfs, 'dev/shm'), { recursive: true });
    expect(existsSync(join(scene.outside, 'shm'))).toBe(true);
    rmSync(join(scene.outside, 'shm'), { recursive: true });

    const attempts: Step[][] = [
      put('/dev/shm/deep'),
      bindDevices('rootfs'),
      openMountpoint({ root: rootfs, path: '/dev/console', kind: 'file' }, 'make a file'),
      [
        ...createFilesystem({ type: 'tmpfs' }, 'have a /dev'),
        ...populateDev({ dev: 'mount', source: 'mknod' }),
        ...openMountpoint({ root: rootfs, path: '/dev', kind: 'directory' }, 'have a /dev'),
        attach('mount', 'have a /dev'),
      ],
    ];
    for (const attempt of attempts) {
      using inside = await Inside.start();
      const steps = [...enterNewRoot({ kind: 'bind', path: scene.rootfs }), ...attempt];
      expect(await inside.refusal(steps)).toMatchObject({ code: 'ENOENT' });
    }
    expect(inventory(scene.outside).map((line) => line.split(' ')[0])).toEqual(
      before.map((line) => line.split(' ')[0]),
    );
    expect(readFileSync(join(scene.outside, 'canary'), 'utf8')).toBe('alive\n');
  });

  test('stays in it with .. in a destination', async () => {
    using scene = makeScene();
    using inside = await Inside.start();
    const path = `/${'../'.repeat(20)}etc/../etc/new`;
    await inside.run([...enterNewRoot({ kind: 'bind', path: scene.rootfs }), ...put(path)]);
    expect(existsSync(join(scene.rootfs, 'etc/new'))).toBe(true);
    expect(existsSync('/etc/new')).toBe(false);
  });
});

needs.describe(needs.root)('a root in which somebody swaps a directory and a link all the time', () => {
  /** Another process exchanges `trap` and `link` as fast as it can, as in the published attack. */
  async function whileSwapping(scene: Scene, attack: () => Promise<void>): Promise<void> {
    using swapper = Agent.spawn({ title: 'swapper' });
    const AT_FDCWD = -100;
    const RENAME_EXCHANGE = 2;
    const [trap, link] = [join(scene.rootfs, 'trap'), join(scene.rootfs, 'link')];
    const swap = step('renameat2', [AT_FDCWD, trap, AT_FDCWD, link, RENAME_EXCHANGE], 'swap');
    let on = true;
    const swapping = (async () => {
      while (on) (await swapper.channel.run({ steps: Array.from({ length: 200 }, () => swap) })).throwIfFailed();
    })();
    try {
      await attack();
    } finally {
      on = false;
      await swapping;
    }
  }

  const ROUNDS = 300;

  test('never makes or covers anything on the host (CVE-2021-30465)', async () => {
    using scene = makeScene({ trap: null, 'trap/deep': null }, { 'deep/canary': 'alive\n' });
    symlinkSync(scene.outside, join(scene.rootfs, 'link'));
    const before = inventory(scene.outside);
    let fooled = 0;
    let mounted = 0;
    const refusals = new Set<string>();

    await whileSwapping(scene, async () => {
      using naive = await Inside.start();
      for (let round = 0; round < 5000 && fooled === 0; round++) {
        const refused = await naive.refusal([mountByPath(join(scene.rootfs, 'trap/deep'))]);
        if (refused) continue;
        if (!(await naive.has(join(scene.outside, 'deep/canary')))) fooled++;
        await naive.refusal([umount2({ target: join(scene.rootfs, 'trap/deep'), flags: 2 }, 'tidy up')]);
      }

      using inside = await Inside.start();
      const root = cloneTree(
        { source: scene.rootfs, options: parseMountOptions(['rbind']), result: 'rootfs' },
        'use the root',
      );
      for (let round = 0; round < ROUNDS; round++) {
        const refused = await inside.refusal([...root, ...put(`/trap/deep/made${round}`)]);
        if (refused) refusals.add(refused.code);
        else mounted++;
        expect(await inside.has(join(scene.outside, 'deep/canary'))).toBe(true);
      }
    });

    expect(fooled).toBeGreaterThan(0);
    expect(mounted).toBeGreaterThan(0);
    expect(mounted).toBeLessThanOrEqual(ROUNDS);
    expect([...refusals].filter((code) => !['ENOENT', 'ENOTDIR', 'ELOOP', 'EAGAIN'].includes(code))).toEqual([]);
    expect(inventory(scene.outside)).toEqual(before);
  }, 60_000);
});

needs.describe(needs.root)('a working directory behind a magic link (CVE-2024-21626)', () => {
  const showProc: Step[] = [
    ...createFilesystem({ type: 'proc' }, 'show processes'),
    ...openMountpoint({ root: rootfs, path: '/proc', kind: 'directory' }, 'show processes'),
    attach('mount', 'show processes'),
  ];

  test.each([
    '/proc/self/fd/0',
    '/proc/self/fd/0/made',
    '/proc/self/fd/0/../made',
    '/proc/1/cwd/made',
    '/planted/made',
  ])('such as %s is refused, and nothing is made there', async (path) => {
    using scene = makeScene({ planted: { link: '/proc/self/fd/0' } });
    const before = inventory(scene.path);
    const leak = openSync(scene.outside, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      using inside = await Inside.start({ stdin: leak });
      await inside.run([...enterNewRoot({ kind: 'bind', path: scene.rootfs }), ...showProc, ...leaveOldRoot()]);
      expect(await inside.has('/proc/self/fd/0/canary')).toBe(true);
      for (const create of [false, true]) {
        const error = await inside.refusal(enterWorkingDirectory(path, { create }));
        expect(error).toMatchObject({ code: 'ELOOP', syscall: 'openat2' });
      }
      expect(inventory(scene.path)).toEqual(before);

      await inside.run([mkdirat({ path: '/proc/self/fd/0/naive' }, 'make it by path')]);
      expect(existsSync(join(scene.outside, 'naive'))).toBe(true);
    } finally {
      closeSync(leak);
    }
  });
});

needs.describe(needs.root)('a root of which a directory is moved away between two mounts', () => {
  test('is mounted on where the path leads at that moment, and nothing is made elsewhere', async () => {
    using scene = makeScene({ 'a/b': null });
    using inside = await Inside.start();
    await inside.run(enterNewRoot({ kind: 'bind', path: scene.rootfs }));
    const root = cloneTree(
      { source: scene.rootfs, options: parseMountOptions(['rbind']), result: 'rootfs' },
      'use the root',
    );
    await inside.run([...root, ...put('/a/b/c')]);
    renameSync(join(scene.rootfs, 'a'), join(scene.rootfs, 'moved'));
    symlinkSync(scene.outside, join(scene.rootfs, 'a'));
    writeFileSync(join(scene.outside, 'b'), '');
    const before = inventory(scene.outside);
    expect((await inside.refusal([...root, ...put('/a/b/d')]))?.code).toBe('ENOENT');
    expect(inventory(scene.outside)).toEqual(before);
  });
});

needs.describe(needs.root)('a process that keeps its mounts private', () => {
  test('covers a directory for itself and not for the host', async () => {
    using scene = makeScene();
    using inside = await Inside.start();
    await inside.run([mount({ source: 'a', target: scene.outside, type: 'tmpfs' }, 'cover the outside')]);
    expect(readFileSync(join(scene.outside, 'canary'), 'utf8')).toBe('alive\n');
    expect(await inside.has(join(scene.outside, 'canary'))).toBe(false);
  });
});
