import { mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  attach,
  COPIES_DETACHED,
  cloneTree,
  createFilesystem,
  enterNewRoot,
  holdNullDevice,
  inspectNullDevice,
  leaveOldRoot,
  makeReadOnly,
  maskPaths,
  openMountpoint,
  type PathKind,
  parseMountOptions,
} from '@coracle/chroot-fs';
import {
  flags,
  isAtLeast,
  kernelRelease,
  kernelVersion,
  MOVE_MOUNT,
  moveMount,
  OPEN_TREE,
  openTree,
  output,
  resultOf,
  S,
  STATX,
  type Step,
  statx,
} from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { afterAll, expect, test } from '@jest/globals';
import { byDescriptor } from './by-descriptor.ts';
import { Gate } from './gate.ts';
import { Inside } from './inside.ts';
import { makeScene } from './rootfs.ts';

const KINDS: Readonly<Record<string, PathKind>> = {
  '/proc/version': 'file',
  '/proc/uptime': 'file',
  '/proc/sys': 'directory',
  '/proc/sys/kernel': 'directory',
  '/proc/fs': 'directory',
};
const kindOf = (path: string): PathKind => KINDS[path];

/** So that /proc/sys/kernel/domainname can be written without harm to the host. */
const OWN_NAME = { namespaces: ['CLONE_NEWNS', 'CLONE_NEWPID', 'CLONE_NEWUTS'] } as const;

/** Stands in the directory as root, with a proc whose mount is the result `'proc'`. */
const enter = (path: string): Step[] => [
  ...enterNewRoot({ kind: 'bind', path }),
  ...createFilesystem({ type: 'proc', result: 'proc' }, 'show processes'),
  ...openMountpoint({ root: resultOf('rootfs'), path: '/proc', kind: 'directory' }, 'show processes'),
  attach('proc', 'show processes'),
];

/** Who reads it finds nothing, who writes to it leaves nothing. */
async function expectNull(inside: Inside, path: string): Promise<void> {
  expect(await inside.read(path)).toBe('');
  expect(await inside.write(path)).toBeUndefined();
  expect(await inside.read(path)).toBe('');
  const seen = output('stat', STATX.length);
  const outcome = await inside.run([statx({ path, into: seen }, 'see what it is')]);
  const view = Buffer.from(outcome.output('stat'));
  const words = [STATX.mode, STATX.rdevMajor, STATX.rdevMinor].map((at) => view.readUInt32LE(at));
  expect(words).toEqual([S.S_IFCHR | 0o666, 1, 3]);
}

afterAll(() => expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('chroot-fs-test-'));

needs.describe(needs.root)('masked paths', () => {
  test('of the kernel are empty and stay so, and are passed over when they are not there', async () => {
    using scene = makeScene();
    using inside = await Inside.start();
    await inside.run([
      ...enter(scene.rootfs),
      ...leaveOldRoot(),
      ...maskPaths(['/proc/version', '/proc/sys/kernel', '/proc/none'], kindOf),
    ]);
    await expectNull(inside, '/proc/version');
    expect(await inside.has('/proc/sys/kernel')).toBe(true);
    expect(await inside.has('/proc/sys/kernel/core_pattern')).toBe(false);
    expect(await inside.write('/proc/sys/kernel/new')).toBe('EROFS');
    expect(await inside.has('/proc/none')).toBe(false);
    expect(await inside.read('/proc/uptime')).not.toBe('');
  });

  test('leave no other mount behind than themselves, and the process at the top', async () => {
    using scene = makeScene();
    using inside = await Inside.start();
    await inside.run([...enter(scene.rootfs), ...leaveOldRoot(), ...maskPaths(['/proc/version'], kindOf)]);
    expect(await inside.mountPoints()).toEqual(['/', '/proc', '/proc/version']);
    expect(await inside.has('proc/version')).toBe(true);
    for (const line of (await inside.mountLines()).filter((line) => line.includes('/proc/version')))
      expect(line.split(' ')[5]).toMatch(/^ro,nosuid,noexec/);
  });

  test('that are directories cannot be changed and have no devices, beside files that are one', async () => {
    using scene = makeScene();
    using inside = await Inside.start();
    const masks = maskPaths(['/proc/sys/kernel', '/proc/version', '/proc/fs'], kindOf);
    await inside.run([...enter(scene.rootfs), ...leaveOldRoot(), ...masks]);
    await expectNull(inside, '/proc/version');
    for (const line of (await inside.mountLines()).filter((line) => /\/proc\/(sys|fs)/.test(line)))
      expect(line.split(' ')[5]).toMatch(/^ro,nosuid,nodev,noexec/);
  });

  needs.test({ what: 'Linux 6.15', met: isAtLeast(kernelVersion(kernelRelease()), COPIES_DETACHED) })(
    'can be made from what is attached nowhere',
    async () => {
      using scene = makeScene();
      using inside = await Inside.start();
      const masks = maskPaths(['/proc/version', '/proc/sys/kernel'], kindOf, { copiesDetached: true });
      await inside.run([...enter(scene.rootfs), ...leaveOldRoot(), ...masks]);
      expect(await inside.mountPoints()).toEqual(['/', '/proc', '/proc/version', '/proc/sys/kernel']);
      await expectNull(inside, '/proc/version');
      expect(await inside.has('/proc/sys/kernel/core_pattern')).toBe(false);
    },
  );

  test('of the root itself are hidden although the host has no such paths, whatever they are', async () => {
    using scene = makeScene({
      'opt/secret': 'secret\n',
      'opt/secrets/key': 'secret\n',
      'opt/link': { link: '/opt/real' },
      'opt/real': 'secret\n',
      'opt/open': 'open\n',
    });
    using inside = await Inside.start();
    const paths = ['/opt/secret', '/opt/secrets', '/opt/link', '/opt/none', '/opt/open/below'];
    await inside.run([...enter(scene.rootfs), ...leaveOldRoot(), ...maskPaths(paths, kindOf)]);
    expect(await inside.read('/opt/secret')).toBe('');
    expect(await inside.has('/opt/secrets')).toBe(true);
    expect(await inside.has('/opt/secrets/key')).toBe(false);
    expect([await inside.read('/opt/link'), await inside.read('/opt/real')]).toEqual(['', '']);
    expect(await inside.read('/opt/open')).toBe('open\n');
    expect(await inside.write('/opt/secret')).toBeUndefined();
    expect(readFileSync(join(scene.rootfs, 'opt/secret'), 'utf8')).toBe('secret\n');
  });

  test('of the root are found through links that lead up to its top', async () => {
    using scene = makeScene({
      'opt/up': { link: '../secret' },
      secret: 'secret\n',
      'opt/ups': { link: '../s' },
      's/k': 'key\n',
    });
    using inside = await Inside.start();
    await inside.run([...enter(scene.rootfs), ...leaveOldRoot(), ...maskPaths(['/opt/up', '/opt/ups'], kindOf)]);
    expect(await inside.read('/secret')).toBe('');
    expect([await inside.has('/s'), await inside.has('/s/k')]).toEqual([true, false]);
  });

  test('do not become a door when /dev/null of the root is a link to a file of the kernel (CVE-2025-31133)', async () => {
    using scene = makeScene({ 'dev/null': { link: '/proc/sys/kernel/domainname' } });
    using naive = await Inside.start(OWN_NAME);
    const why = 'hide with the /dev/null of the root';
    await naive.run([
      ...enter(scene.rootfs),
      ...leaveOldRoot(),
      openTree(
        { path: '/dev/null', flags: flags(OPEN_TREE, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC') },
        { why, result: 'null' },
      ),
      moveMount(
        { from: resultOf('null'), toPath: '/proc/version', flags: flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH') },
        why,
      ),
    ]);
    expect(await naive.write('/proc/version', 'fooled')).toBeUndefined();
    expect(await naive.read('/proc/sys/kernel/domainname')).toBe('fooled\n');
    using inside = await Inside.start(OWN_NAME);
    await inside.run([...enter(scene.rootfs), ...leaveOldRoot(), ...maskPaths(['/proc/version'], kindOf)]);
    await expectNull(inside, '/proc/version');
    expect(await inside.read('/proc/sys/kernel/domainname')).not.toBe('fooled\n');
  });

  test('cannot be hidden behind what has taken the place of the host’s null device since it was looked at', async () => {
    for (const other of ['zero', 'full', 'tty']) {
      using inside = await Inside.start();
      const mode = inspectNullDevice();
      const why = 'show another device as /dev/null';
      await inside.run([
        ...cloneTree({ source: `/dev/${other}`, options: parseMountOptions(['bind']) }, why),
        moveMount(
          { from: resultOf('mount'), toPath: '/dev/null', flags: flags(MOVE_MOUNT, 'MOVE_MOUNT_F_EMPTY_PATH') },
          why,
        ),
      ]);
      const refusal = await inside.refusal(holdNullDevice(mode));
      expect([refusal?.syscall, refusal?.code]).toEqual(['futex', 'EAGAIN']);
    }
    using inside = await Inside.start();
    expect(await inside.refusal(holdNullDevice(inspectNullDevice()))).toBeUndefined();
    // A block device has the numbers of the null device as well, and another mode.
    expect(await inside.refusal(holdNullDevice(S.S_IFBLK | 0o660))).toMatchObject({ syscall: 'futex', code: 'EAGAIN' });
  });

  test('found by a mount stay hidden when somebody has moved its directory since (CVE-2025-52881)', async () => {
    const move = (rootfs: string): void => {
      renameSync(join(rootfs, 'proc'), join(rootfs, 'moved'));
      mkdirSync(join(rootfs, 'proc/sys/kernel'), { recursive: true });
    };
    for (const mounts of [undefined, { '/proc': 'proc' }]) {
      using scene = makeScene();
      using gate = new Gate();
      using inside = await Inside.start({ ...OWN_NAME, stdin: gate.stdin, stdout: gate.stdout });
      // One program, as the names of results go no further.
      const done = inside.run([
        ...enter(scene.rootfs),
        ...gate.wait,
        ...leaveOldRoot(),
        ...maskPaths(['/proc/version'], kindOf, mounts ? { mounts } : {}),
        ...makeReadOnly(['/proc/sys'], kindOf, mounts ? { mounts } : {}),
      ]);
      await gate.open(() => move(scene.rootfs));
      await done;
      expect((await inside.read('/moved/version')) === '').toBe(mounts !== undefined);
      expect(await inside.write('/moved/sys/kernel/domainname')).toBe(mounts ? 'EROFS' : undefined);
    }
  });
});

needs.describe(needs.root)('read-only paths', () => {
  const rootsOwn = needs.test(byDescriptor);

  test('of the kernel refuse changes, in directories and files, and stay readable', async () => {
    using scene = makeScene();
    using inside = await Inside.start(OWN_NAME);
    await inside.run([
      ...enter(scene.rootfs),
      ...leaveOldRoot(),
      ...makeReadOnly(['/proc/sys', '/proc/none', '/proc/uptime'], kindOf),
    ]);
    expect(await inside.read('/proc/sys/kernel/domainname')).not.toBe('');
    expect(await inside.write('/proc/sys/kernel/domainname')).toBe('EROFS');
    expect(await inside.mountPoints()).toEqual(['/', '/proc', '/proc/sys', '/proc/uptime']);
  });

  rootsOwn('of the root itself are found although the host has no such paths, through links too', async () => {
    using scene = makeScene({ 'opt/app/file': 'text\n', 'opt/link': { link: 'app' }, 'opt/free/file': 'text\n' });
    using inside = await Inside.start();
    await inside.run([...enter(scene.rootfs), ...leaveOldRoot(), ...makeReadOnly(['/opt/link', '/opt/none'], kindOf)]);
    expect(await inside.write('/opt/app/file')).toBe('EROFS');
    expect(await inside.read('/opt/app/file')).toBe('text\n');
    expect(await inside.write('/opt/free/file')).toBeUndefined();
  });

  rootsOwn('cover what is mounted below them', async () => {
    using scene = makeScene({ 'opt/app/sub': null });
    using inside = await Inside.start();
    const sub = [
      ...createFilesystem({ type: 'tmpfs' }, 'mount below'),
      ...openMountpoint({ root: resultOf('rootfs'), path: '/opt/app/sub', kind: 'directory' }, 'mount below'),
      attach('mount', 'mount below'),
    ];
    await inside.run([...enter(scene.rootfs), ...sub, ...leaveOldRoot(), ...makeReadOnly(['/opt/app'], kindOf)]);
    expect(await inside.write('/opt/app/sub/new')).toBe('EROFS');
  });

  rootsOwn('behind a magic link are refused', async () => {
    using scene = makeScene();
    symlinkSync('/proc/self/root', join(scene.rootfs, 'magic'));
    using inside = await Inside.start();
    const steps = [...enter(scene.rootfs), ...leaveOldRoot(), ...makeReadOnly(['/magic/etc'], kindOf)];
    expect((await inside.refusal(steps))?.code).toBe('ELOOP');
  });
});
