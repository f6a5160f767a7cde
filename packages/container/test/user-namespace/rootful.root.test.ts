import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type BusyboxRootfs, bundledProgram, makeBusyboxRootfs, needs } from '@coracle/test-support';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Container, explainContainer, type RunOptions, type RunResult, run, type Volume } from '../../src/index.ts';
import { byDescriptor } from '../by-descriptor.ts';
import { makeScratch, mountPoints, type Scratch } from '../mounts/scene.ts';
import { mapsIds } from './file-system.ts';

const [NODE, DIE_BEFORE_START] = await bundledProgram(new URL('../programs/die-before-start.ts', import.meta.url));
const ALICE = 1234;
let rootfs: BusyboxRootfs;
let scratch: Scratch;

beforeEach(() => {
  rootfs = makeBusyboxRootfs();
  scratch = makeScratch();
});
afterEach(() => {
  rootfs[Symbol.dispose]();
  scratch[Symbol.dispose]();
});

const sh = (script: string, options: RunOptions = {}): Promise<RunResult> =>
  run('sh', ['-c', script], { userNamespace: 'auto', ...options });

/** Owner and group on the host. */
const owner = (path: string): [number, number] => {
  const { uid, gid } = statSync(path);
  return [uid, gid];
};

/** The host's name of the container's root, as the container's own map tells. */
const hostRoot = async (): Promise<number> => {
  const { stdout } = await sh('cat /proc/self/uid_map');
  return Number(stdout.trim().split(/\s+/)[1]);
};

/** How many are open once the nursery has a child in store again. */
async function descriptors(): Promise<number> {
  await setImmediate();
  return readdirSync('/proc/self/fd').length;
}

const BESIDE_V1 = '/sys/fs/cgroup/unified/cgroup.controllers';
const crunTakes = {
  what: 'cgroups that crun takes: no controllers of version 2 beside version 1',
  met: !existsSync(BESIDE_V1) || readFileSync(BESIDE_V1, 'utf8').trim() === '',
};

/** A container of crun in a user namespace, with the source on /tmp as an idmapped volume. */
async function runWithCrun(
  script: string,
  { root, source, bundle }: { root: string; source: string; bundle: string },
): Promise<string> {
  const ids = [{ containerID: 0, hostID: await hostRoot(), size: 65536 }];
  execFileSync('crun', ['spec'], { cwd: bundle });
  const file = join(bundle, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  config.process = { ...config.process, terminal: false, args: ['sh', '-c', script] };
  config.process.env = [...config.process.env, 'NAME=crun'];
  config.root = { path: root, readonly: false };
  config.linux.namespaces = [...config.linux.namespaces, { type: 'user' }];
  config.linux.uidMappings = ids;
  config.linux.gidMappings = ids;
  config.mounts = [
    ...config.mounts.filter(({ type }: { type: string }) => type !== 'cgroup'),
    { destination: '/tmp', type: 'bind', source, options: ['rbind', 'idmap'] },
  ];
  writeFileSync(file, JSON.stringify(config));
  const run = ['run', `coracle-idmap-${process.pid}`];
  return execFileSync('crun', run, { cwd: bundle, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

needs.describe(
  needs.root,
  needs.program('busybox'),
  mapsIds,
)('a root directory, with user ids of its own', () => {
  const ROOTS = [
    ['used as it is', () => rootfs.path],
    ['below an overlay', () => ({ path: rootfs.path, overlay: true })],
  ] as const;

  test.each(ROOTS)('%s may be closed to all but root', async (_, root) => {
    chmodSync(rootfs.path, 0o700);
    const { stdout } = await sh('id -u; ls /bin/sh; cat /proc/self/uid_map', { root: root() });
    const [uid, shell, map] = stdout.split('\n');
    expect([uid, shell]).toEqual(['0', '/bin/sh']);
    expect(map?.trim().split(/\s+/)[1]).not.toBe('0');
  });

  test.each(ROOTS)('%s shows its files with the owners that they have on disk', async (_, root) => {
    chownSync(join(rootfs.path, 'etc/group'), ALICE, 77);
    const { stdout } = await sh('stat -c "%u %g" /etc/passwd /etc/group', { root: root() });
    expect(stdout).toBe(`0 0\n${ALICE} 77\n`);
  });

  test.each(ROOTS)('%s lets nobody but the owner write', async (_, root) => {
    chownSync(join(rootfs.path, 'tmp'), ALICE, ALICE);
    const script = 'touch /tmp/x && stat -c %u /tmp/x; touch /etc/x';
    expect((await sh(script, { root: root(), user: `${ALICE}` })).stdout).toBe(`${ALICE}\n`);
  });

  test('used as it is keeps on disk the owners that files are made with', async () => {
    await sh('touch /tmp/root /tmp/alice; busybox chown 1234:77 /tmp/alice', { root: rootfs.path });
    expect(owner(join(rootfs.path, 'tmp/root'))).toEqual([0, 0]);
    expect(owner(join(rootfs.path, 'tmp/alice'))).toEqual([ALICE, 77]);
  });

  test('below an overlay is not changed', async () => {
    const before = readdirSync(rootfs.path);
    const { stdout } = await sh('rm /etc/passwd; echo x >/etc/x; stat -c "%u %g" /etc/x', {
      root: { path: rootfs.path, overlay: true },
    });
    expect(stdout).toBe('0 0\n');
    expect(readdirSync(rootfs.path)).toEqual(before);
    expect(existsSync(join(rootfs.path, 'etc/passwd'))).toBe(true);
    expect(existsSync(join(rootfs.path, 'etc/x'))).toBe(false);
  });

  test('that was given to the ids of the container is used as it is', async () => {
    const uid = await hostRoot();
    for (const name of ['', 'etc', 'etc/passwd', 'tmp']) chownSync(join(rootfs.path, name), uid, uid);
    const { stdout } = await sh('stat -c %u /etc/passwd; touch /tmp/new', { root: rootfs.path });
    expect(stdout).toBe('0\n');
    expect(owner(join(rootfs.path, 'tmp/new'))).toEqual([uid, uid]);
  });

  test('is entered by further programs, which have the same owners', async () => {
    const command = ['sleep', '100'];
    await using box = await Container.run({ command, root: rootfs.path, userNamespace: 'auto' });
    const { stdout } = await box.exec(['sh', '-c', 'stat -c %u /etc/passwd; touch /tmp/exec']);
    expect(stdout).toBe('0\n');
    expect(owner(join(rootfs.path, 'tmp/exec'))).toEqual([0, 0]);
    await expect(box.exec(['true'], { user: '70000' })).rejects.toThrow('the container has no user 70000');
    box.kill();
  });

  test('can be read-only, with a terminal and an init', async () => {
    const { stdout } = await sh('touch /x 2>&1; stat -c %u /', { root: rootfs.path, readOnly: true, init: true });
    expect(stdout).toContain('Read-only file system');
    expect(stdout).toMatch(/\n0\n$/);
    await using box = await Container.run({
      command: ['true'],
      root: rootfs.path,
      userNamespace: 'auto',
      terminal: { rows: 24, columns: 80 },
    });
    expect((await box.wait()).exitCode).toBe(0);
  });

  test('whose file system cannot map ids is refused with the reason and the remedy, and nothing is left', async () => {
    const [upper, work, merged] = ['upper', 'work', 'merged'].map((name) => scratch.directory(name));
    const overlay = `lowerdir=${rootfs.path},upperdir=${upper},workdir=${work}`;
    await run('true'); // what a first container opens for all later ones
    execFileSync('mount', ['-t', 'overlay', '-o', overlay, 'overlay', merged ?? '']);
    const open = await descriptors();
    for (const root of [merged ?? '', { path: merged ?? '', overlay: true }])
      await expect(sh('true', { root })).rejects.toMatchObject({
        code: 'EINVAL',
        syscall: 'mount_setattr',
        message: expect.stringContaining('cannot map ids in this kernel'),
        hint: expect.stringMatching(/chown -R \d+:\d+ .*without --userns/),
      });
    expect(await descriptors()).toBe(open);
    expect(mountPoints(scratch.path)).toEqual([merged]);
  });
});

needs.describe(needs.root, byDescriptor)('the host itself as root, with user ids of its own', () => {
  test('is refused, and nobody is told to give it away', async () => {
    await expect(sh('true', { root: '/' })).rejects.toMatchObject({
      syscall: 'mount_setattr',
      hint: expect.stringMatching(/^use a directory of its own as root(?!.*chown)/),
    });
  });
});

needs.describe(
  needs.root,
  needs.program('busybox'),
  mapsIds,
)('a volume with idmap', () => {
  test('shows the owners on disk, and keeps those of new files', async () => {
    const source = scratch.directory('source', 0o700);
    writeFileSync(join(source, 'old'), 'old\n', { mode: 0o600 });
    const volumes = (idmap: boolean): Volume[] => [{ source, target: '/data', idmap }];
    const { stdout } = await sh('cat /data/old; stat -c "%u %g" /data/old; touch /data/new', {
      volumes: volumes(true),
    });
    expect(stdout).toBe('old\n0 0\n');
    expect(owner(join(source, 'new'))).toEqual([0, 0]);
    expect((await sh('cat /data/old', { volumes: volumes(false) })).exitCode).not.toBe(0);
  });

  test('can be read-only, and one file', async () => {
    const source = scratch.file('file', 'text\n');
    const volumes = [{ source, target: '/etc/file', idmap: true, readOnly: true }];
    const { stdout } = await sh('cat /etc/file; stat -c %u /etc/file; echo x >/etc/file', { volumes });
    expect(stdout).toBe('text\n0\n');
    expect(readFileSync(source, 'utf8')).toBe('text\n');
  });

  needs.test(
    needs.root,
    needs.program('crun'),
    crunTakes,
  )('has the owners that crun gives it', async () => {
    const source = scratch.directory('source');
    chownSync(scratch.file('source/old', ''), ALICE, 77);
    const script = 'id -u; stat -c "%u %g" /tmp /tmp/old; touch /tmp/new-$NAME; stat -c "%u %g" /tmp/new-$NAME';
    const ours = await sh(script, {
      root: rootfs.path,
      env: { NAME: 'ours' },
      volumes: [{ source, target: '/tmp', idmap: true }],
    });
    const theirs = await runWithCrun(script, { root: rootfs.path, source, bundle: scratch.directory('bundle') });
    expect(ours.stdout).toBe(theirs);
    expect(owner(join(source, 'new-ours'))).toEqual(owner(join(source, 'new-crun')));
  });

  test('of a file system that cannot is refused with another remedy', async () => {
    await expect(sh('true', { volumes: [{ source: '/proc', target: '/x', idmap: true }] })).rejects.toMatchObject({
      syscall: 'mount_setattr',
      hint: expect.stringContaining('leave idmap out'),
    });
  });

  test('is seen by the container alone', async () => {
    const source = scratch.directory('source');
    const inside = await sh('cat /proc/self/mountinfo', { volumes: [{ source, target: '/data', idmap: true }] });
    expect(inside.stdout).toMatch(/ \/data [^\n]*idmapped/);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('idmapped');
  });

  test('comes in with what is mounted below it', async () => {
    const source = scratch.directory('source');
    writeFileSync(join(scratch.mount('source/below'), 'file'), 'below\n');
    const { stdout } = await sh('cat /data/below/file; stat -c %u /data/below/file', {
      volumes: [{ source, target: '/data', idmap: true }],
    });
    expect(stdout).toBe('below\n0\n');
  });

  test('is gone when the caller is killed before the start', async () => {
    const { stdout, signal } = spawnSync(NODE, [DIE_BEFORE_START, scratch.directory('source')], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect(signal).toBe('SIGKILL');
    const { id, pid } = JSON.parse(stdout);
    const isThere = (): boolean => existsSync(`/proc/${pid}`) || existsSync(`/run/coracle/${id}`);
    const end = Date.now() + 5000;
    while (isThere() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(isThere()).toBe(false);
  }, 20_000);
});

needs.describe(needs.root)('root who keeps all ids', () => {
  test('is who he is, in a user namespace', async () => {
    const { stdout, isolation } = await sh(
      'id -u; cat /proc/self/uid_map; stat -c %u /usr; readlink /proc/self/ns/user',
      {
        userNamespace: 'keep-id',
      },
    );
    const [uid, map, usr, namespace] = stdout.split('\n');
    expect([uid, map?.trim().split(/\s+/), usr]).toEqual(['0', ['0', '0', '4294967295'], '0']);
    expect(namespace).not.toBe(readlinkSync('/proc/self/ns/user'));
    expect(isolation.userIds).toBe('keep-id');
  });
});

describe('what is explained', () => {
  needs.test(needs.root)('is whose files they are, by whom, between the maps and the set-up', () => {
    const parts = explainContainer({ command: ['true'], root: rootfs.path, userNamespace: 'auto' });
    const at = parts.findIndex(({ question }) => question === 'Whose files are they?');
    expect(parts.map(({ question }) => question).slice(at - 1, at + 2)).toEqual([
      'Whose ids does it have?',
      'Whose files are they?',
      'What keeps the agent safe while it works?',
    ]);
    expect(parts[at]?.by).toBe('caller');
    expect(parts[at]?.steps.map(({ call }) => call)).toContainEqual(
      'mount_setattr(<rootfs>, "", AT_EMPTY_PATH|AT_RECURSIVE, {set: MOUNT_ATTR_IDMAP, userns_fd: /proc/PID/ns/user}, 32)',
    );
    const numbers = parts.flatMap(({ steps }) => steps.map(({ number }) => number));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  test('has no such part where no ids are mapped', () => {
    const questions = explainContainer({ command: ['true'] }).map(({ question }) => question);
    expect(questions).not.toContain('Whose files are they?');
  });
});
