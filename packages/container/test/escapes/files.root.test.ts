import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { needs, PLAIN_USER } from '@coracle/test-support';
import { describe, expect } from '@jest/globals';
import { Container, run } from '../../src/index.ts';
import { answersOf, type Call, commandFor } from './support/calls.ts';
import { callOnHost, shOnHost, shWithOwnMounts } from './support/on-host.ts';
import { makeScene, type Scene } from './support/scene.ts';
import { attack, inEachWay, prepareAttacks } from './support/suite.ts';
import { startWorker, WORKER } from './support/ways.ts';

// CVE-2024-23651, 23652 and 23653 are of builds, CVE-2026-23745, 23950, 26960 and 31802 of archives: neither is done here.

const attacks = prepareAttacks('call');

const AT_FDCWD = -100;
const O_DIRECTORY = constants.O_DIRECTORY;
const UP = `text:${'../'.repeat(30)}`;
const SUCCESS = expect.any(Number);

inEachWay('the files of the host', attacks, ({ name, sh, call, calls, run: start }) => {
  attack('the classic way out of a chroot ends at the top of the root', async () => {
    using scene = makeScene();
    const canary: Call = ['access', `text:${scene.outside}/canary`, 0];
    const out: Call[] = [
      ['mkdir', 'text:/tmp/cell', 0o777],
      ['chroot', 'text:/tmp/cell'],
      ['chdir', UP],
      ['chroot', 'text:.'],
      canary,
    ];
    const enter: Call[] = [
      ['chroot', `text:${scene.root}`],
      ['chdir', 'text:/'],
    ];
    expect(callOnHost(attacks(), ...enter, canary, ...out)).toEqual([0, 0, 'ENOENT', 0, 0, 0, 0, 0]);
    rmSync(join(scene.root, 'tmp/cell'), { recursive: true });
    expect(await calls(out, { root: scene.root })).toEqual([0, 0, 0, 0, 'ENOENT']);
  });

  attack('/proc/1/root leads to the root of the container', async () => {
    using scene = makeScene();
    const look = (pid: number): string =>
      `cat /proc/${pid}/root${scene.outside}/canary; cat /proc/${pid}/root/../${scene.outside}/canary`;
    // In a chroot the processes of the host are there, and each of them is a door.
    const inChroot = `mount -t proc proc ${scene.root}/proc; chroot ${scene.root} sh -c '${look(process.pid)}'`;
    expect(shWithOwnMounts(inChroot)).toBe('alive\nalive\n');
    for (const pid of [1, process.pid]) expect(await sh(look(pid), { root: scene.root })).not.toContain('alive');
  });

  attack('open_by_handle_at (shocker) finds no file by its number', async () => {
    // struct file_handle: eight bytes, of the kind "number and generation"; 2 is the top of every ext4.
    const top = 'hex:08000000010000000200000000000000';
    const climb: Call[] = [
      ['openat', AT_FDCWD, 'text:/attacks', O_DIRECTORY],
      ['open_by_handle_at', 'result:0', top, O_DIRECTORY],
    ];
    const isExt4 = shOnHost('stat -f -c %T /tmp') === 'ext2/ext3\n';
    if (name === 'root' && isExt4) expect(await calls(climb, { privileged: true })).toEqual([SUCCESS, SUCCESS]);
    expect(await calls(climb)).toEqual([SUCCESS, 'EPERM']);
    expect((await calls(climb, { security: { seccomp: 'unconfined' } }))[1]).toMatch(/EPERM|ESTALE/);
  });

  attack('set-user-id makes nobody root', async () => {
    using scene = makeScene();
    const program = join(scene.root, 'suid');
    copyFileSync(join(attacks().path, 'call'), program);
    chmodSync(program, 0o4755);
    // A single user id has no other users: there set-user-id could only lead to oneself.
    const user = name === 'root' ? '1234' : '0';
    const who = async (noNewPrivileges: boolean): Promise<string> => {
      const command = ['/suid', '64', process.arch === 'arm64' ? '175' : '107'];
      return (await start(command, { root: scene.root, user, security: { noNewPrivileges } })).stdout.trim();
    };
    if (name === 'root') expect(await who(false)).toBe('0');
    expect(await who(true)).toBe(user);
  });

  attack('the programs of the host cannot be changed, nor made changeable', async () => {
    const MS_REMOUNT_BIND = 32 | 4096;
    const remount: Call = ['mount', 'text:none', 'text:/usr', 'text:', MS_REMOUNT_BIND, 0];
    if (name === 'root') expect(await call(remount, { privileged: true })).toBe(0);
    expect(await call(remount)).toBe('EPERM');
    expect(await call(['openat', AT_FDCWD, 'text:/usr/bin/env', constants.O_WRONLY])).toMatch(/EROFS|EACCES/);
  });

  attack('a mount made inside is not seen outside', async () => {
    using scene = makeScene();
    const cover = 'mount -t tmpfs cover /data && : > /data/inside && ls /data';
    const volumes = [{ source: scene.outside, target: '/data' }];
    expect(await sh(cover, { privileged: true, volumes })).toBe('inside\n');
    expect(existsSync(join(scene.outside, 'canary'))).toBe(true);
    expect(existsSync(join(scene.outside, 'inside'))).toBe(false);
  });

  attack('a read-only volume stays so, for one who may mount as well', async () => {
    using scene = makeScene();
    const volumes = [{ source: scene.outside, target: '/data', readOnly: true }];
    expect(await sh('mount -o remount,bind,rw /data; echo x > /data/new', { volumes })).toMatch(
      /Read-only file system/,
    );
    expect(existsSync(join(scene.outside, 'new'))).toBe(false);
  });

  for (const option of [
    '/proc',
    '/proc/self/attr',
    '/proc/../proc/sys',
    '//proc',
    '/tmp/../proc/1',
    '/link',
    '/link/sys',
  ])
    attack(`CVE-2019-16884: nothing is mounted over the kernel's files by way of ${option}`, async () => {
      using scene = makeScene();
      symlinkSync('/proc', join(scene.root, 'link'));
      const before = spawnSync('ls', ['-R', scene.root]).stdout.toString();
      const volumes = [{ source: scene.outside, target: option }];
      await expect(start(['true'], { root: scene.root, volumes })).rejects.toMatchObject({
        message: expect.stringMatching(/proc/),
      });
      await expect(start(['true'], { root: scene.root, tmpfs: [{ target: option }] })).rejects.toMatchObject({
        message: expect.stringMatching(/proc/),
      });
      expect(spawnSync('ls', ['-R', scene.root]).stdout.toString()).toBe(before);
    });

  attack('CVE-2018-15664, CVE-2019-14271: who alice is, is read from the root, whatever its links say', async () => {
    using scene = makeScene();
    writeFileSync(join(scene.outside, 'passwd'), 'alice:x:0:0:Alice:/root:/bin/sh\n');
    const passwd = join(scene.root, 'etc/passwd');
    for (const target of [join(scene.outside, 'passwd'), `${'../'.repeat(30)}${scene.outside.slice(1)}/passwd`]) {
      rmSync(passwd);
      symlinkSync(target, passwd);
      expect(shOnHost(`grep alice ${scene.root}/etc/passwd`)).toContain('alice:x:0:0');
      await expect(start(['id'], { root: scene.root, user: 'alice' })).rejects.toThrow("no user 'alice'");
    }
  });

  attack('CVE-2021-43784: lengths of more than 16 bits are lengths', async () => {
    // runc's messages counted them in 16 bits, so that what lay beyond was read as further instructions.
    const value = 'x'.repeat(0x10000 + 40);
    expect(value.length & 0xffff).toBe(40);
    const { stdout } = await start(['sh', '-c', 'printf %s "$LONG" | wc -c'], { env: { LONG: value } });
    expect(stdout).toBe(`${value.length}\n`);
    await expect(start(['true'], { cwd: `/${value}` })).rejects.toThrow();
    await expect(start(['true'], { hostname: value })).rejects.toThrow();
    const many = Array.from({ length: 0x10000 + 2 }, () => 'a');
    const { stdout: count } = await start(['sh', '-c', 'echo $#', 'sh', ...many]);
    expect(count).toBe(`${many.length}\n`);
  });
});

/** A directory of the kernel's in the root that is a link to the host, and what is mounted or made there. */
const LINKED = [
  ['CVE-2019-19921, CVE-2023-27561, CVE-2023-28642: /proc', 'proc'],
  ['CVE-2019-19921: /sys', 'sys'],
  ['CVE-2026-41579: /dev', 'dev'],
] as const;

const LINKS: readonly (readonly [how: string, target: (scene: Scene) => string])[] = [
  ['an absolute link', ({ outside }) => outside],
  ['a link that climbs', ({ outside }) => `${'../'.repeat(30)}${outside.slice(1)}`],
];

inEachWay('a root whose directories are links', attacks, ({ run: start }) => {
  for (const [title, directory] of LINKED)
    for (const [how, targetOf] of LINKS)
      attack(`${title} by ${how} leads nothing out of it`, async () => {
        using scene = makeScene();
        const path = join(scene.root, directory);
        rmSync(path, { recursive: true });
        symlinkSync(targetOf(scene), path);
        const naive = `mount -t tmpfs tmpfs ${path}; ls ${scene.outside}; mkdir ${path}/shm; ls ${scene.outside}`;
        expect(shWithOwnMounts(naive)).toBe('shm\n');

        const before = scene.inventory();
        await expect(start(['true'], { root: scene.root })).rejects.toMatchObject({ syscall: 'openat2' });
        expect(scene.inventory()).toBe(before);
      });

  for (const [directory, type] of [
    ['proc', 'proc'],
    ['sys', 'sysfs'],
  ])
    attack(
      `CVE-2019-19921: /${directory} that is a link within the root is no place for the kernel's own`,
      async () => {
        using scene = makeScene();
        const path = join(scene.root, `${directory}`);
        rmSync(path, { recursive: true });
        mkdirSync(join(scene.root, 'fake'), { mode: 0o777 });
        symlinkSync('fake', path);
        expect(shWithOwnMounts(`mount -t ${type} none ${path}; stat -f -c %T ${scene.root}/fake`)).toBe(`${type}\n`);

        const refusal = { code: 'ELOOP', syscall: 'openat2', hint: expect.stringContaining('symbolic link') };
        await expect(start(['true'], { root: scene.root })).rejects.toMatchObject(refusal);
      },
    );

  attack('CVE-2025-52565: /dev/console that is a link is not followed', async () => {
    using scene = makeScene();
    symlinkSync(join(scene.outside, 'canary'), join(scene.root, 'dev/console'));
    const naive = `mount --bind /dev/null ${scene.root}/dev/console; stat -c %F ${scene.outside}/canary`;
    expect(shWithOwnMounts(naive)).toBe('character special file\n');
    const before = scene.inventory();
    await start(['true'], { root: scene.root });
    expect(scene.inventory()).toBe(before);
  });
});

const TERMINAL = { rows: 24, columns: 80 };

attack('CVE-2025-52565: /dev/console is the terminal of the container, whatever lay there', async () => {
  using scene = makeScene();
  symlinkSync(join(scene.outside, 'canary'), join(scene.root, 'dev/console'));
  const before = scene.inventory();
  const command = ['sh', '-c', 'stat -c "%F %t" /dev/console > /tmp/seen; stat -f -c %t /dev/console >> /tmp/seen'];
  await using box = await Container.run({ command, root: scene.root, terminal: TERMINAL });
  await box.wait();
  const DEVPTS_MAGIC = '1cd1';
  expect(shOnHost(`cat ${scene.root}/tmp/seen`)).toBe(`character special file 88\n${DEVPTS_MAGIC}\n`);
  expect(scene.inventory()).toBe(before);
});

describe('descriptors of the caller', () => {
  const FDS = [3, 7, 8, 19, 99];

  for (const uid of [0, PLAIN_USER])
    attack(`CVE-2024-21626: none is open inside, and none is a place to start in, for user ${uid}`, async () => {
      using scene = makeScene();
      const outside = openSync(scene.outside, constants.O_RDONLY | O_DIRECTORY);
      try {
        // Node marks its own descriptors as not to be inherited; these are, like those of a careless caller.
        const open = FDS.map((fd) => `exec ${fd}<${scene.outside};`).join(' ');
        const look = `for fd in /proc/self/fd/*; do readlink $fd; done; cat ${FDS.map((fd) => `/proc/self/fd/${fd}/canary`).join(' ')}`;
        const careless = spawnSync('bash', ['-c', `${open} chroot ${scene.root} true; ${look}`], { encoding: 'utf8' });
        expect(careless.stdout).toContain('alive\n'.repeat(FDS.length));

        using worker = startWorker({ uid, gid: uid }, ['bash', '-c', `${open} exec "$@"`, 'bash', ...WORKER]);
        for (const init of [false, true]) {
          const { stdout } = await worker.run(['sh', '-c', look], { root: scene.root, init });
          expect(stdout).not.toContain(scene.outside);
          expect(stdout).not.toContain('alive');
        }
        for (const fd of [...FDS, 0, 1, 2, 4, 5, 6, 40, 41, 42, 60, 61])
          for (const tail of ['', '/new', '/../new'])
            await expect(
              worker.run(['pwd'], { root: scene.root, cwd: `/proc/self/fd/${fd}${tail}` }),
            ).rejects.toMatchObject({ syscall: expect.stringMatching(/^(openat2|mkdirat)$/) });
        expect(scene.inventory()).not.toContain('new');
      } finally {
        closeSync(outside);
      }
    });

  attack('CVE-2024-21626: nor by a link of the root, for exec as well', async () => {
    using scene = makeScene();
    symlinkSync('/proc/self/fd/0', join(scene.root, 'start'));
    symlinkSync('/proc/self/cwd', join(scene.root, 'cwd'));
    const stdin = openSync(scene.outside, constants.O_RDONLY | O_DIRECTORY);
    try {
      const options = { root: scene.root };
      const canary = join(scene.root, 'start/canary');
      const careless = spawnSync('cat', [canary], { stdio: [stdin, 'pipe', 'pipe'], encoding: 'utf8' });
      expect(careless.stdout).toBe('alive\n');
      await expect(run(['cat', '/start/canary'], { ...options, stdin })).rejects.toMatchObject({ option: 'stdin' });
      for (const cwd of ['/start', '/start/sub', '/cwd', '/proc/self/root'])
        await expect(run(['pwd'], { ...options, cwd })).rejects.toMatchObject({ code: 'ELOOP', syscall: 'openat2' });
      await using box = await Container.run({ ...options, command: ['sleep', '100'] });
      await expect(box.exec(['pwd'], { stdin })).rejects.toMatchObject({ option: 'stdin' });
      for (const cwd of ['/start', '/cwd', '/proc/self/fd/3', '/proc/1/cwd'])
        await expect(box.exec(['pwd'], { cwd })).rejects.toMatchObject({ syscall: 'openat2' });
    } finally {
      closeSync(stdin);
    }
  });
});

describe('what a file denies to a group', () => {
  attack('CVE-2022-2989, CVE-2022-36109: is denied to a set-group-id program of one of its users as well', async () => {
    using scene = makeScene();
    const [directory, denied] = [join(scene.root, 'sgid'), join(scene.root, 'denied')];
    mkdirSync(directory);
    copyFileSync(join(attacks().path, 'call'), join(directory, 'call'));
    chownSync(join(directory, 'call'), 0, 77);
    chmodSync(join(directory, 'call'), 0o2755);
    writeFileSync(denied, 'not for group 1235\n');
    chownSync(denied, 0, 1235);
    chmodSync(denied, 0o604);
    const opens = (path: string): Call => ['openat', AT_FDCWD, `text:${path}`, 0, 0];
    const careless = ['--reuid', '1234', '--regid', '1235', '--clear-groups'];
    const [program, ...args] = commandFor([opens(denied)], { directory });
    const naive = spawnSync('setpriv', [...careless, String(program), ...args], { encoding: 'utf8' });
    expect(answersOf(naive.stdout)).toEqual([SUCCESS]);
    for (const user of ['alice', '1234:1235']) {
      const { stdout } = await run(commandFor([opens('/denied')], { directory: '/sgid' }), {
        root: scene.root,
        user,
        security: { noNewPrivileges: false },
      });
      expect(answersOf(stdout)).toEqual(['EACCES']);
    }
  });
});

describe('capabilities', () => {
  const withSetcap = needs.test(needs.root, needs.program('gcc'), needs.program('setpriv'));

  withSetcap('CVE-2022-24769, CVE-2022-29162: none are inheritable or ambient', async () => {
    const show = 'grep -E "Cap(Inh|Amb)" /proc/self/status';
    const careless = spawnSync('setpriv', ['--inh-caps=+net_raw', '--ambient-caps=+net_raw', 'sh', '-c', show]);
    expect(careless.stdout.toString()).toMatch(/CapInh:\t0*2000\n.*CapAmb:\t0*2000\n/s);
    const none = 'CapInh:\t0000000000000000\nCapAmb:\t0000000000000000\n';
    for (const user of ['0', '1234'])
      for (const privileged of [false, true])
        expect((await run('sh', ['-c', show], { user, privileged })).stdout).toBe(none);
    await using box = await Container.run({ command: ['sleep', '100'] });
    expect((await box.exec(['sh', '-c', show])).stdout).toBe(none);

    const inheriting = ['setpriv', '--inh-caps=+net_raw', '--ambient-caps=+net_raw', ...WORKER] as const;
    using worker = startWorker({}, inheriting);
    expect((await worker.run(['sh', '-c', show])).stdout).toBe(none);
  });
});
