// kernel: security=selinux selinux=1
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attach, createFilesystem } from '@coracle/chroot-fs';
import { Container, run } from '@coracle/container';
import { flags, OPEN, openat, runLocally } from '@coracle/syscalls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeScratch, type Scratch } from '../mounts/scene.ts';
import { withSelinux } from './machine.ts';
import { testPolicy } from './test-policy.ts';

const selinuxLabel = { type: 'box_t', fileType: 'memory_t' };
const LABEL = /^system_u:system_r:box_t:(s0:c\d+,c\d+)$/;

let scratch: Scratch;
let secret: string;

function command(name: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(name, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
}

/** mount(8) leaves the label out where no policy is installed. */
function mountWithLabel(path: string, label: string): void {
  const why = 'make a file system with a label';
  runLocally([
    ...createFilesystem({ type: 'tmpfs', options: [`context=${label}`] }, why),
    openat({ path, flags: flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC') }, { why, result: 'target' }),
    attach('mount', why),
  ]).throwIfFailed();
}

/** The labels of files; of links their own. */
function labelsOf(...paths: string[]): string[] {
  const { stdout } = spawnSync('stat', ['-c', '%C', ...paths], { encoding: 'utf8' });
  return stdout.trim().split('\n');
}

/** What a program prints, without the NUL that ends a label. */
async function says(script: string, options: Parameters<typeof run>[2] = {}): Promise<string[]> {
  const { stdout, stderr } = await run('sh', ['-c', script], { security: { selinuxLabel }, ...options });
  return `${stdout}${stderr}`.replaceAll('\0', '\n').trim().split(/\n+/);
}

withSelinux('a SELinux label', () => {
  beforeAll(() => {
    scratch = makeScratch();
    const text = scratch.file('policy.conf', testPolicy());
    const binary = join(scratch.path, 'policy');
    command('checkpolicy', ['-M', '-U', 'allow', '-c', '33', '-o', binary, text]);
    command('mount', ['-t', 'selinuxfs', 'none', '/sys/fs/selinux']);
    writeFileSync('/sys/fs/selinux/load', readFileSync(binary));
    writeFileSync('/sys/fs/selinux/enforce', '1');
    secret = scratch.directory('secret', 0o755);
    mountWithLabel(secret, 'system_u:object_r:secret_t:s0');
    writeFileSync(join(secret, 'file'), 'secret\n');
  });
  afterAll(() => {
    writeFileSync('/sys/fs/selinux/enforce', '0');
    command('umount', ['--lazy', secret]); // the steps that mounted it have left it open
    scratch[Symbol.dispose]();
  });

  test('is in force: the program cannot do what the policy does not allow it, and can without', async () => {
    const volumes = [{ source: secret, target: '/data' }];
    const [label, refusal] = await says('cat /proc/self/attr/current; echo; cat /data/file', { volumes });
    expect(label).toMatch(LABEL);
    expect(refusal).toBe('cat: /data/file: Permission denied');
    expect(await says('cat /data/file', { volumes, security: { selinuxLabel: 'disable' } })).toEqual(['secret']);
  });

  test('has a level of its own for each container, which is in the result', async () => {
    const results = await Promise.all([1, 2].map(() => run('true', [], { security: { selinuxLabel } })));
    const levels = results.map(({ isolation }) => LABEL.exec(isolation.selinux ?? '')?.[1]);
    expect(levels[0]).toMatch(/^s0/);
    expect(levels[0]).not.toBe(levels[1]);
  });

  test('is that of a program behind an init, of one with other user ids, and of further programs', async () => {
    const label = 'system_u:system_r:box_t:s0:c1,c2';
    const security = { selinuxLabel: { ...selinuxLabel, level: 's0:c1,c2' } };
    for (const way of [{ init: true }, { userNamespace: 'auto' }] as const)
      expect(await says('cat /proc/self/attr/current', { security, ...way })).toEqual([label]);
    await using box = await Container.run({ command: ['sleep', '60'], security });
    expect((await box.exec(['cat', '/proc/self/attr/current'])).stdout.replace('\0', '').trim()).toBe(label);
  });

  test('is, with the type for files, that of what is mounted in memory, and of what is made there', async () => {
    const script = 'echo > /tmp/new; ls -dZ /tmp /tmp/new /dev/shm /dev/mqueue /dev/pts /dev/null';
    const lines = await says(script, { security: { selinuxLabel: { ...selinuxLabel, level: 's0:c3,c4' } } });
    expect(lines).toHaveLength(6);
    for (const line of lines) expect(line).toMatch(/^system_u:object_r:memory_t:s0:c3,c4 /);
    const overlay = { root: { path: '/', overlay: true } };
    expect((await says('echo > /new; ls -Z /new', overlay))[0]).toMatch(/^system_u:object_r:memory_t:s0:c/);
  });

  test('is that of the session keyring', async () => {
    const allowed = {
      security: { selinuxLabel: { ...selinuxLabel, level: 's0:c5,c6' }, seccomp: 'unconfined' },
    } as const;
    const script = `perl -e '$n = ${process.arch === 'x64' ? 250 : 219}; $l = "\\0" x 200; syscall($n, 17, -3, $l, 200); print $l'`;
    expect((await says(script, allowed))[0]).toBe('system_u:system_r:box_t:s0:c5,c6');
  });

  test('is given to a volume, and to all in it, that is to have one', async () => {
    const source = scratch.mount('volume');
    mkdirSync(join(source, 'deep'));
    writeFileSync(join(source, 'deep/file'), 'text\n');
    symlinkSync('/etc/hostname', join(source, 'link'));
    const before = labelsOf('/etc/hostname');
    const give = (relabel: 'shared' | 'private', level: string): Promise<string[]> =>
      says('cat /data/deep/file', {
        security: { selinuxLabel: { ...selinuxLabel, level } },
        volumes: [{ source, target: '/data', relabel }],
      });
    expect(await give('shared', 's0:c1,c2')).toEqual(['text']);
    expect(labelsOf(source, join(source, 'deep'), join(source, 'deep/file'), join(source, 'link'))).toEqual(
      Array(4).fill('system_u:object_r:memory_t:s0'),
    );
    expect(await give('private', 's0:c1,c2')).toEqual(['text']);
    expect(labelsOf(join(source, 'deep/file'))).toEqual(['system_u:object_r:memory_t:s0:c1,c2']);
    // Where it belongs to one container no other gets at it.
    const other = { security: { selinuxLabel: { ...selinuxLabel, level: 's0:c3,c4' } } };
    expect((await says('cat /data/deep/file', { ...other, volumes: [{ source, target: '/data' }] }))[0]).toMatch(
      /denied/,
    );
    expect(labelsOf('/etc/hostname')).toEqual(before);
  });

  test('is not given to what is mounted below a volume, nor to what is the system', async () => {
    const source = scratch.directory('around');
    const below = scratch.mount('around/below');
    const before = labelsOf(below);
    const security = { selinuxLabel: { ...selinuxLabel, level: 's0:c1,c2' } };
    await says('true', { security, volumes: [{ source, target: '/data', relabel: 'private' }] });
    expect(labelsOf(below)).toEqual(before);
    await expect(
      run('true', [], { security, volumes: [{ source: '/usr/share', target: '/data', relabel: 'shared' }] }),
    ).rejects.toMatchObject({ option: 'volumes', message: expect.stringContaining('belongs to the system') });
    await expect(
      run('true', [], { volumes: [{ source: '/usr/share', target: '/data', relabel: 'shared' }] }),
    ).resolves.toMatchObject({ exitCode: 0 });
  });

  test('that the policy does not know is an error that says so', async () => {
    const hint = expect.stringContaining('seinfo -t');
    await expect(run('true', [], { security: { selinuxLabel: { type: 'box_t' } } })).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining('knows no SELinux label system_u:object_r:container_file_t:s0:c'),
      hint,
    });
    const none = { selinuxLabel: { ...selinuxLabel, type: 'none_t' } };
    await expect(run('true', [], { security: none })).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining('knows no such label'),
      hint,
    });
  });
});
