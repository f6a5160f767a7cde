import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { makeBusyboxRootfs, needs } from '@coracle/test-support';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Container, run } from '../../src/index.ts';
import { byDescriptor } from '../by-descriptor.ts';
import { asOrdinaryUser, EVERYBODY, makeScratch, mountPoints, type Scratch } from './scene.ts';

const MINUTE = 60_000;
const kernel = needs.describe(needs.root, needs.program('busybox'), needs.program('nsenter'));

afterAll(() => expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('volume-test'));

kernel('volumes with mounts below them', () => {
  /** A file system with another one mounted in it. */
  function nested(): Scratch & { source: string } {
    const scratch = makeScratch();
    const source = scratch.mount('source');
    scratch.mount('source/below');
    scratch.file('source/below/file', 'below\n');
    return { ...scratch, source };
  }

  describe.each(EVERYBODY)('of %s', (_, sh) => {
    test(
      'are read-only at every depth',
      async () => {
        using scratch = nested();
        const { stdout, stderr } = await sh('cat /data/below/file; echo x > /data/new; echo x > /data/below/new', {
          volumes: [{ source: scratch.source, target: '/data', readOnly: true }],
        });
        expect(stdout).toBe('below\n');
        expect(stderr.match(/Read-only file system/g)).toHaveLength(2);
        expect(readdirSync(join(scratch.source, 'below'))).toEqual(['file']);
      },
      MINUTE,
    );

    test(
      'stay writable below where that is said',
      async () => {
        using scratch = nested();
        const { stderr } = await sh('echo x > /data/new; echo x > /data/below/new', {
          volumes: [{ source: scratch.source, target: '/data', readOnly: true, recursive: 'writable' }],
        });
        expect(stderr.match(/Read-only file system/g)).toHaveLength(1);
        expect(readdirSync(join(scratch.source, 'below'))).toEqual(['file', 'new']);
      },
      MINUTE,
    );

    test(
      'hold no device that works, unless it is asked for',
      async () => {
        using scratch = makeScratch();
        const source = scratch.directory('source');
        execFileSync('mknod', ['-m', '666', join(source, 'zero'), 'c', '1', '5']);
        const script = 'head -c 3 /data/zero | wc -c';
        const closed = await sh(script, { volumes: [{ source, target: '/data' }] });
        expect(closed.stdout.trim()).toBe('0');
        expect(closed.stderr).toContain('Permission denied');
        const open = await sh(script, { volumes: [{ source, target: '/data', dev: true }] });
        expect(open.stdout.trim()).toBe('3');
      },
      MINUTE,
    );

    test(
      'hold no program that can be executed where that is forbidden',
      async () => {
        using scratch = makeScratch();
        scratch.directory('source');
        const program = scratch.file('source/program', '#!/bin/sh\necho executed\n');
        execFileSync('chmod', ['755', program]);
        const source = join(scratch.path, 'source');
        const refused = await sh('/data/program', { volumes: [{ source, target: '/data', exec: false }] });
        expect(refused.stderr).toContain('Permission denied');
        const allowed = await sh('/data/program', { volumes: [{ source, target: '/data' }] });
        expect(allowed.stdout).toBe('executed\n');
      },
      MINUTE,
    );
  });

  test('come without them where that is said, except to a user namespace, which is told why', async () => {
    using scratch = nested();
    const volumes = [{ source: scratch.source, target: '/data', recursive: 'disabled' as const }];
    const { stdout } = await run('sh', ['-c', 'ls /data/below | wc -l'], { volumes });
    expect(stdout.trim()).toBe('0');
    await expect(run('true', [], { volumes, userNamespace: 'auto' })).rejects.toMatchObject({
      code: 'EINVAL',
      syscall: expect.stringMatching(/^(open_tree|mount)$/),
      hint: expect.stringContaining('bind-recursive'),
    });
  });
});

needs.describe(
  needs.root,
  needs.program('busybox'),
  needs.program('nsenter'),
  byDescriptor,
)('mounts and unmounts below a volume', () => {
  /** Mounts in the container, as a privileged program in it would. */
  const mountIn = ({ pid }: Container, path: string): Buffer =>
    execFileSync('nsenter', ['-t', `${pid}`, '-m', '/bin/busybox', 'mount', '-t', 'tmpfs', 'volume-test', path]);
  const seenIn = ({ pid }: Container): string => readFileSync(`/proc/${pid}/mountinfo`, 'utf8');

  function shared(): Scratch & { source: string } {
    const scratch = makeScratch();
    const source = scratch.mount('source', '--make-shared');
    scratch.directory('source/early');
    scratch.mount('source/early');
    scratch.directory('source/late');
    scratch.directory('source/back');
    return { ...scratch, source };
  }

  const start = (source: string, propagation?: 'rprivate' | 'rslave' | 'rshared', rest = {}): Promise<Container> =>
    Container.run({
      command: ['sleep', '100'],
      volumes: [{ source, target: '/data', ...(propagation ? { propagation } : {}) }],
      ...rest,
    });

  test.each([[undefined], ['rprivate' as const]])('stay where they are made (%s)', async (propagation) => {
    using scratch = shared();
    await using box = await start(scratch.source, propagation);
    scratch.mount('source/late');
    mountIn(box, '/data/back');
    expect(seenIn(box)).toContain(' /data/early ');
    expect(seenIn(box)).not.toContain(' /data/late ');
    expect(mountPoints(join(scratch.source, 'back'))).toEqual([]);
  });

  test.each([
    ['root', {}],
    ['root with user ids of its own', { userNamespace: 'auto' }],
  ])('come in and do not go out with rslave, for %s', async (_, rest) => {
    using scratch = shared();
    await using box = await start(scratch.source, 'rslave', rest);
    scratch.mount('source/late');
    writeFileSync(join(scratch.source, 'late/file'), 'late\n');
    const { stdout } = await box.exec(['cat', '/data/late/file']);
    expect(stdout).toBe('late\n');
    scratch.mount('source/early/deeper');
    expect(seenIn(box)).toContain(' /data/early/deeper ');
    mountIn(box, '/data/back');
    expect(seenIn(box)).toContain(' /data/back ');
    expect(mountPoints(join(scratch.source, 'back'))).toEqual([]);
    execFileSync('umount', [join(scratch.source, 'late')]);
    expect(seenIn(box)).not.toContain(' /data/late ');
  });

  test('go both ways with rshared', async () => {
    using scratch = shared();
    await using box = await start(scratch.source, 'rshared');
    scratch.mount('source/late');
    expect(seenIn(box)).toContain(' /data/late ');
    mountIn(box, '/data/back');
    expect(mountPoints(join(scratch.source, 'back'))).toEqual([join(scratch.source, 'back')]);
  });

  test('reach the volume alone: the root and the other volumes stay private', async () => {
    using scratch = shared();
    await using box = await Container.run({
      command: ['sleep', '100'],
      volumes: [
        { source: scratch.source, target: '/slave', propagation: 'rslave' },
        { source: scratch.source, target: '/private' },
      ],
    });
    const tags = seenIn(box)
      .trim()
      .split('\n')
      .map((line) => [line.split(' ')[4], line.split(' - ')[0]?.split(' ').slice(6).join(' ').replace(/\d+/g, 'N')]);
    expect(tags.filter(([, tag]) => tag !== '')).toEqual([
      ['/slave', 'master:N'],
      ['/slave/early', 'master:N'],
    ]);
  });

  test('come in to as many volumes as there may be, beside an overlay', async () => {
    using scratch = shared();
    using rootfs = makeBusyboxRootfs();
    const volumes = Array.from({ length: 24 }, (_, index) => ({
      source: scratch.source,
      target: `/v${index}`,
      propagation: 'rslave' as const,
    }));
    await using box = await Container.run({
      command: ['sleep', '100'],
      root: { path: rootfs.path, overlay: true },
      volumes,
    });
    scratch.mount('source/late');
    const seen = seenIn(box);
    for (const { target } of volumes) expect(seen).toContain(` ${target}/late `);
  });

  test('cannot travel from a private mount, and that is said with the remedy', async () => {
    using scratch = makeScratch();
    const source = scratch.mount('source', '--make-private');
    for (const propagation of ['rslave', 'shared'] as const)
      await expect(run('true', [], { volumes: [{ source, target: '/x', propagation }] })).rejects.toMatchObject({
        name: 'OptionError',
        message: expect.stringContaining(`it lies in the mount ${source}, which is private`),
        hint: `share it first: mount --make-shared ${source}`,
      });
  });

  test('cannot go out of a user namespace', async () => {
    using scratch = shared();
    await expect(start(scratch.source, 'rshared', { userNamespace: 'auto' })).rejects.toMatchObject({
      name: 'OptionError',
      message: expect.stringContaining('passes no mounts to the host'),
    });
  });

  test(
    'come in with rslave for an ordinary user as well',
    async () => {
      using scratch = shared();
      const script = 'echo > /data/up; until [ -e /data/late/file ]; do sleep 0.05; done; cat /data/late/file';
      const came = asOrdinaryUser(script, {
        volumes: [{ source: scratch.source, target: '/data', propagation: 'rslave' }],
        timeout: '30s',
      });
      while (!existsSync(join(scratch.source, 'up'))) await setTimeout(20);
      scratch.mount('source/late');
      scratch.file('source/late/file', 'late\n');
      await expect(came).resolves.toMatchObject({ exitCode: 0, stdout: 'late\n' });
    },
    MINUTE,
  );
});
