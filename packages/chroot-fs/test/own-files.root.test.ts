import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  attach,
  COPIES_DETACHED,
  createFilesystem,
  enterNewRoot,
  leaveOldRoot,
  type OwnFilesOptions,
  openMountpoint,
  refusedMountCalls,
  showOwnFiles,
} from '@coracle/chroot-fs';
import { isAtLeast, kernelRelease, kernelVersion, resultOf, type Step } from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { expect, test } from '@jest/globals';
import { Inside } from './inside.ts';
import { makeScene } from './rootfs.ts';

const HOSTS = { path: '/etc/hosts', text: '127.0.0.1\tlocalhost\n' };
const NAME = { path: '/etc/hostname', text: 'box\n' };

const enter = (path: string, files: readonly Step[]): Step[] => [
  ...enterNewRoot({ kind: 'bind', path }),
  ...files,
  ...createFilesystem({ type: 'proc' }, 'show processes'),
  ...openMountpoint({ root: resultOf('rootfs'), path: '/proc', kind: 'directory' }, 'show processes'),
  attach('mount', 'show processes'),
  ...leaveOldRoot(),
];

const isOlder = refusedMountCalls().length > 0;
const detaches = {
  what: 'Linux 6.15',
  met: isOlder || isAtLeast(kernelVersion(kernelRelease()), COPIES_DETACHED),
};

needs.describe(needs.root)('own files', () => {
  const roads: [string, OwnFilesOptions, ReturnType<typeof needs.test>][] = [
    ['from what is attached nowhere', { copiesDetached: true }, needs.test(detaches)],
    // What is on top of the root for a while is not something that the older calls have to know.
    ['from what is attached for a while', {}, needs.test({ what: 'mounts by descriptor', met: !isOlder })],
  ];
  for (const [title, options, testOnRoad] of roads)
    testOnRoad(`${title} are shown in place of the root's, which stay as they are`, async () => {
      using scene = makeScene({ 'etc/hosts': 'old\n', 'etc/hostname': { link: '../run/name' }, 'run/name': 'old\n' });
      using inside = await Inside.start();
      await inside.run(enter(scene.rootfs, showOwnFiles([HOSTS, NAME], options)));
      expect(await inside.read('/etc/hosts')).toBe(HOSTS.text);
      expect([await inside.read('/etc/hostname'), await inside.read('/run/name')]).toEqual(['box\n', 'box\n']);
      expect(await inside.write('/etc/hosts', 'new')).toBeUndefined();
      expect(await inside.read('/etc/hosts')).toMatch(/^new/);
      expect((await inside.mountPoints()).toSorted()).toEqual(['/', '/etc/hosts', '/proc', '/run/name']);
      for (const line of (await inside.mountLines()).filter((line) => /hosts|name/.test(line)))
        expect(line.split(' ')[5]).toMatch(/^rw,nosuid,nodev,noexec/);
      expect(['etc/hosts', 'run/name'].map((name) => readFileSync(join(scene.rootfs, name), 'utf8'))).toEqual([
        'old\n',
        'old\n',
      ]);
    });

  test('refuse changes where that is wanted', async () => {
    using scene = makeScene({ 'etc/hosts': 'old\n' });
    using inside = await Inside.start();
    const files = showOwnFiles([HOSTS], { readonly: true, copiesDetached: detaches.met });
    await inside.run(enter(scene.rootfs, files));
    expect(await inside.write('/etc/hosts', 'new')).toBe('EROFS');
    expect(await inside.read('/etc/hosts')).toBe(HOSTS.text);
  });

  test('are not made in a root that has none, and links lead nowhere but inside', async () => {
    const link = `/../../..${'/..'.repeat(9)}/canary`;
    using scene = makeScene({ 'etc/hosts': { link }, 'etc/hostname/below': null });
    using inside = await Inside.start();
    const missing = [{ path: '/etc/resolv.conf', text: 'x' }, HOSTS, { path: '/etc/hostname/below/none', text: 'x' }];
    await inside.run(enter(scene.rootfs, showOwnFiles(missing, { copiesDetached: detaches.met })));
    expect(await inside.mountPoints()).toEqual(['/', '/proc']);
    expect(readdirSync(join(scene.rootfs, 'etc')).toSorted()).toEqual(['hostname', 'hosts']);
    expect(lstatSync(join(scene.rootfs, 'etc/hosts')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(scene.outside, 'canary'), 'utf8')).toBe('alive\n');
  });
});

test('no own files cost no step', () => expect(showOwnFiles([])).toEqual([]));
