import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Container, run } from '@coracle/container';
import { defaultApparmorProfile } from '@coracle/container/doctor';
import { makeBusyboxRootfs } from '@coracle/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { makeScratch, type Scratch } from '../mounts/scene.ts';
import { withApparmor } from './machine.ts';

const PROFILE = `profile coracle-test flags=(attach_disconnected,mediate_deleted) {
  file, capability, network, mount, umount, signal, ptrace,
  deny /data/secret r,
}`;
const CURRENT = '/proc/self/attr/apparmor/current';
const READ = `cat /data/open /data/secret; cat ${CURRENT}`;
const security = { apparmor: 'coracle-test' };

function parser(option: '--replace' | '--remove', text: string): void {
  const { status, stderr } = spawnSync('apparmor_parser', [option, '--skip-cache'], { input: text, encoding: 'utf8' });
  if (status !== 0) throw new Error(`apparmor_parser ${option}: ${stderr}`);
}

let scratch: Scratch;
let volumes: { source: string; target: string }[];
beforeEach(() => {
  scratch = makeScratch();
  const source = scratch.directory('data', 0o755);
  for (const name of ['open', 'secret']) writeFileSync(join(source, name), `${name}\n`);
  volumes = [{ source, target: '/data' }];
});
afterEach(() => scratch[Symbol.dispose]());

withApparmor('under a profile of AppArmor', () => {
  beforeAll(() => parser('--replace', PROFILE));
  afterAll(() => parser('--remove', PROFILE));

  test('a program cannot do what the profile denies, and can without', async () => {
    const confined = await run('sh', ['-c', READ], { volumes, security });
    expect(confined.stdout).toBe('open\ncoracle-test (enforce)\n');
    expect(confined.stderr).toContain('/data/secret: Permission denied');
    expect(confined.isolation.apparmor).toBe('coracle-test');
    const free = await run('sh', ['-c', READ], { volumes });
    expect(free.stdout).toBe('open\nsecret\nunconfined\n');
    expect(free.isolation.apparmor).toBe('unconfined');
  });

  test('so are the program behind an init, one that may gain rights, another user, and one with user ids of its own', async () => {
    const ways = [
      { init: true },
      { security: { ...security, noNewPrivileges: false } },
      { user: '1234:1234' },
      { userNamespace: 'auto' },
      { privileged: true },
    ] as const;
    for (const way of ways)
      expect((await run('cat', [CURRENT], { security, ...way })).stdout).toBe('coracle-test (enforce)\n');
  });

  test('a root whose /proc leads to files of its own is refused, and nothing is written to them', async () => {
    using rootfs = makeBusyboxRootfs();
    const fake = join(rootfs.path, 'fake');
    mkdirSync(join(fake, 'self/attr/apparmor'), { recursive: true });
    for (const name of ['apparmor/exec', 'exec']) writeFileSync(join(fake, 'self/attr', name), '');
    spawnSync('rmdir', [join(rootfs.path, 'proc')]);
    symlinkSync('fake', join(rootfs.path, 'proc'));
    await expect(run('sh', ['-c', READ], { root: rootfs.path, volumes, security })).rejects.toMatchObject({
      code: 'ELOOP',
      syscall: 'openat2',
    });
    for (const name of ['apparmor/exec', 'exec']) expect(readFileSync(join(fake, 'self/attr', name), 'utf8')).toBe('');
  });

  test('no volume can be laid over the files by which it is set', async () => {
    const target = '/proc/self/attr/apparmor';
    await expect(
      run('true', [], { volumes: volumes.map(({ source }) => ({ source, target })), security }),
    ).rejects.toMatchObject({
      option: 'volumes',
    });
  });

  test('what a container mounts on its /proc does not keep a further program from it', async () => {
    const cover =
      'mount -t tmpfs none /proc && mkdir -p /proc/self/attr/apparmor && touch /proc/self/attr/apparmor/exec';
    await using box = await Container.run({
      command: ['sh', '-c', `${cover} && echo covered && exec sleep 60`],
      volumes,
      capAdd: ['SYS_ADMIN'],
      security: { ...security, seccomp: 'unconfined', systemPaths: 'unconfined' },
    });
    for await (const line of box.stdout ?? []) if (line === 'covered') break;
    const { stdout, stderr } = await box.exec(['cat', '/data/open', '/data/secret', '/proc/self/attr/apparmor/exec']);
    expect(stdout).toBe('open\n');
    expect(stderr).toBe('cat: /data/secret: Permission denied\n');
  });

  test('one that is not loaded is an error that says so and how to load it', async () => {
    await expect(run('true', [], { security: { apparmor: 'no-such' } })).rejects.toMatchObject({
      code: 'ENOENT',
      message: expect.stringMatching(/^ENOENT: no AppArmor profile of this name is loaded, .* no-such$/),
      hint: expect.stringContaining('apparmor_parser -r'),
    });
  });
});

withApparmor('where the profile coracle-default is loaded', () => {
  beforeAll(() => parser('--replace', defaultApparmorProfile()));
  afterAll(() => parser('--remove', defaultApparmorProfile()));

  test('containers are under it, but for privileged ones and those that are to be under none', async () => {
    const current = async (options: Parameters<typeof run>[2]): Promise<string> =>
      (await run('cat', [CURRENT], options)).stdout;
    expect(await current({})).toBe('coracle-default (enforce)\n');
    expect(await current({ privileged: true })).toBe('unconfined\n');
    expect(await current({ security: { apparmor: 'unconfined' } })).toBe('unconfined\n');
    expect((await run('true')).isolation.apparmor).toBe('coracle-default');
  });

  test('it stands behind the read-only /proc/sys: settings of the whole kernel stay what they are, its own can be set', async () => {
    const settings = ['kernel/core_pattern', 'vm/swappiness', 'fs/file-max', 'kernel/modprobe', 'kernel/sysrq'];
    const own = ['kernel/shmmni', 'kernel/msgmax', 'kernel/sem', 'fs/mqueue/msg_max'];
    const script = `cd /proc/sys; for file in ${[...settings, ...own].join(' ')}; do value=$(cat $file); { echo "$value" > $file; } 2>/dev/null && echo $file; done`;
    const options = { security: { systemPaths: 'unconfined' } } as const;
    expect((await run('sh', ['-c', script], options)).stdout.trim().split('\n')).toEqual(own);
    const free = { security: { ...options.security, apparmor: 'unconfined' } };
    expect((await run('sh', ['-c', script], free)).stdout.trim().split('\n')).toEqual([...settings, ...own]);
  });

  test('it mounts nothing, even with the capability and without a filter', async () => {
    const options = { capAdd: ['SYS_ADMIN'], security: { seccomp: 'unconfined' } } as const;
    const mount = async (apparmor?: string): Promise<number | undefined> => {
      const security = { ...options.security, ...(apparmor === undefined ? {} : { apparmor }) };
      return (await run('mount', ['-t', 'tmpfs', 'none', '/tmp'], { ...options, security })).exitCode;
    };
    expect(await mount()).toBe(32);
    expect(await mount('unconfined')).toBe(0);
  });

  test('programs in it signal each other, and the caller ends them', async () => {
    await using box = await Container.run({
      command: ['sh', '-c', 'sleep 60 & kill $!; wait $!; echo $?; exec sleep 60'],
    });
    for await (const line of box.stdout ?? []) {
      expect(line).toBe('143');
      break;
    }
    expect((await box.exec(['cat', CURRENT])).stdout).toBe('coracle-default (enforce)\n');
    expect(box.kill('SIGTERM')).toBe(true);
    box.kill('SIGKILL');
    expect(await box.wait()).toMatchObject({ signal: 'SIGKILL' });
  });
});
