/**
 * Makes roots in user namespaces without any privilege and prints what came of it as JSON. Run by
 * unprivileged.root.test.ts. Argument: the kind of root.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  attach,
  bindDevices,
  cloneTree,
  createFilesystem,
  enterNewRoot,
  furnishHostRoot,
  holdNullDevice,
  inspectHost,
  inspectNullDevice,
  leaveOldRoot,
  makeReadOnly,
  maskPaths,
  openMountpoint,
  parseMountOptions,
  populateDev,
  refusedMountCalls,
} from '@coracle/chroot-fs';
import { resultOf, type Step } from '@coracle/syscalls';
import { Inside } from '../inside.ts';
import { makeScene } from '../rootfs.ts';

const kind = (['bind', 'overlay', 'tmpfs'] as const).find((name) => name === process.argv[2]) ?? 'bind';
const id = process.getuid?.() ?? 0;

const put = (path: string, filesystem: readonly Step[]): Step[] => [
  ...filesystem,
  ...openMountpoint({ root: resultOf('rootfs'), path, kind: 'directory' }, `have ${path}`),
  attach('mount', `have ${path}`),
];

/** The older calls lose it with the old root. */
const isHeld = refusedMountCalls().length === 0;
using scene = makeScene({ 'etc/name': 'box\n', 'opt/secret': 'secret\n' });
const start = (): Promise<Inside> =>
  Inside.start({
    namespaces: ['CLONE_NEWUSER', 'CLONE_NEWNS', 'CLONE_NEWPID'],
    afterBirth: (pid) => {
      writeFileSync(`/proc/${pid}/setgroups`, 'deny');
      for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${pid}/${map}`, `0 ${id} 1\n`);
    },
  });
using before = await start();
using inside = await start();
const bare = cloneTree({ source: '/', options: parseMountOptions(['bind']) }, 'uncover what is below mounts');
try {
  const uncovered = (await before.refusal(bare))?.code;
  await inside.run([
    ...(isHeld ? holdNullDevice(inspectNullDevice()) : []),
    ...enterNewRoot({ kind, path: scene.rootfs, inUserNamespace: true }),
    ...(kind === 'tmpfs' ? furnishHostRoot(inspectHost(), { hostname: 'box' }) : []),
    ...put('/proc', createFilesystem({ type: 'proc' }, 'show processes')),
    ...put('/dev', [
      ...createFilesystem({ type: 'tmpfs', options: ['mode=755'] }, 'have a /dev'),
      ...populateDev({ dev: 'mount', source: 'bind' }),
    ]),
    ...bindDevices('rootfs'),
    ...leaveOldRoot(),
    ...maskPaths(['/proc/version', '/opt/secret'], () => 'file', { nullDevice: isHeld ? 'held' : 'none' }),
    ...makeReadOnly(['/proc/sys'], () => 'directory'),
  ]);
  const wrote = (await inside.write('/etc/name', 'new\n')) ?? 'yes';
  const result = {
    uncovered,
    wrote,
    name: await inside.read('/etc/name'),
    kept: readFileSync(join(scene.rootfs, 'etc/name'), 'utf8'),
    names: readdirSync(join(scene.rootfs, 'etc')),
    secret: (await inside.has('/opt/secret')) ? await inside.read('/opt/secret') : 'none',
    hides: (await inside.write('/proc/version')) ?? 'swallows',
    version: await inside.read('/proc/version'),
    null: (await inside.write('/dev/null')) ?? 'yes',
    zero: /^\0+$/.test(await inside.read('/dev/zero')),
    host: (await inside.has(`/..${scene.path}`)) || (await inside.has(scene.path)),
    usr: await inside.write('/usr/new'),
    mounts: (await inside.mountPoints()).filter((path) => !/^\/(usr|bin|sbin|lib|etc)/.test(path)),
  };
  console.log(JSON.stringify(result));
} catch (error) {
  console.log(JSON.stringify({ ...(error as object), message: String(error) }));
}
