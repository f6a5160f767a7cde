import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { explainContainer } from '../../src/index.ts';
import { byDescriptor } from '../by-descriptor.ts';
import type { Call } from './support/calls.ts';
import { callOnHost, shWithOwnMounts } from './support/on-host.ts';
import { makeScene } from './support/scene.ts';
import { attack, inEachWay, prepareAttacks } from './support/suite.ts';

const attacks = prepareAttacks('call');

const AT_FDCWD = -100;
const O_WRONLY = 1;
const SUCCESS = expect.any(Number);
const REFUSED = expect.stringMatching(/^(EPERM|EACCES|EROFS|ENOENT)$/);

/** Opening for writing is proof enough: nothing is written. */
const openToWrite = (path: string): Call => ['openat', AT_FDCWD, `text:${path}`, O_WRONLY];

/** Files of the kernel that make it run a program on the host, or worse. */
const LEVERS = [
  ['CVE-2022-0811: core_pattern, the program for core dumps', '/proc/sys/kernel/core_pattern'],
  ['modprobe, the program that loads modules', '/proc/sys/kernel/modprobe'],
  ['binfmt_misc, the programs that run other programs', '/proc/sys/fs/binfmt_misc/register'],
  ['sysrq-trigger, which restarts the machine', '/proc/sysrq-trigger'],
  ['panic_on_oom, which stops it', '/proc/sys/vm/panic_on_oom'],
  ['uevent_helper, the program for new devices', '/sys/kernel/uevent_helper'],
  ['profiling, a setting of /sys', '/sys/kernel/profiling'],
  ['the interrupts of the machine', '/proc/irq/default_smp_affinity'],
] as const;

/** What files are hidden behind. The older mount calls lose the null device of the host, where none can be made, with the old root. */
const DEVICE = /^character special file,1:3$/gm;
const MASK = {
  root: DEVICE,
  'root in a user namespace': DEVICE,
  'an ordinary user': byDescriptor.met ? DEVICE : /^regular empty file,0:0$/gm,
};

/** A hierarchy of cgroups v1 with its top mounted somewhere, if there is one. */
const hierarchy = readFileSync('/proc/self/mounts', 'utf8')
  .split('\n')
  .map((line) => line.split(' '))
  .find(([, path, type]) => type === 'cgroup' && existsSync(`${path}/release_agent`));
const options = hierarchy?.[3]
  ?.split(',')
  .filter((option) => !['rw', 'relatime', 'nosuid', 'nodev', 'noexec'].includes(option));
const attackV1 = needs.test(needs.root, needs.program('gcc'), { what: 'cgroups v1', met: hierarchy !== undefined });

const mountCgroup = (type: string, data = ''): Call[] => [
  ['mkdirat', AT_FDCWD, 'text:/tmp/cgroup', 0o755],
  ['mount', 'text:none', 'text:/tmp/cgroup', `text:${type}`, 0, `text:${data}`],
];

inEachWay('the kernel', attacks, ({ name, call, calls, sh, run }) => {
  for (const [title, path] of LEVERS) {
    attack(`${title}, cannot be opened for writing`, async () => {
      // Rootless even the privileged own nothing of the kernel: its files belong to the root of the host.
      const reachable = name === 'root' && existsSync(path);
      const privileged = await call(openToWrite(path), { privileged: true });
      expect(privileged).toEqual(reachable ? SUCCESS : expect.anything());
      expect(await call(openToWrite(path))).toEqual(REFUSED);
    });
  }

  attack('CVE-2022-0811: a setting brings no other with it, and none of the host', async () => {
    const patternBefore = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
    const forwardBefore = readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8');
    const show = ['cat', '/proc/sys/net/ipv4/ip_forward'];
    expect((await run(show, { sysctls: { 'net.ipv4.ip_forward': '1' } })).stdout).toBe('1\n');
    const injected = [
      '1+kernel.core_pattern=|/tmp/x',
      '1\nkernel.core_pattern=|/tmp/x',
      '1,kernel.core_pattern=|/tmp/x',
    ];
    for (const value of injected) {
      // The kernel refuses such a number; of several lines it would read the first alone, so that they are refused before.
      const answer = await run(show, { sysctls: { 'net.ipv4.ip_forward': value } }).catch((error: unknown) => error);
      expect(Object(answer).code).toBe(value.includes('\n') ? 'ERR_CORACLE_OPTION' : 'EINVAL');
    }
    const keys = [
      'kernel.core_pattern',
      'kernel/core_pattern',
      'net/../kernel/core_pattern',
      'net.ipv4.ip_forward+kernel.core_pattern',
      'net.ipv4.ip_forward=1\nkernel.core_pattern',
      '../sys/kernel/core_pattern',
      '/kernel/core_pattern',
      'kernel.shm_rmid_forced/../core_pattern',
      'fs.mqueue./../../kernel/core_pattern',
      'vm.panic_on_oom',
      'net',
    ];
    for (const key of keys) await expect(run(show, { sysctls: { [key]: '1' } })).rejects.toThrow();
    await expect(run(show, { network: 'host', sysctls: { 'net.ipv4.ip_forward': '1' } })).rejects.toThrow();
    expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(patternBefore);
    expect(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8')).toBe(forwardBefore);
  });

  attackV1('CVE-2022-0492: the release_agent of a cgroup cannot be reached', async () => {
    const attempt = [...mountCgroup('cgroup', options?.join()), openToWrite('/tmp/cgroup/release_agent')];
    if (name === 'root')
      expect(callOnHost(attacks(), openToWrite(`${hierarchy?.[1]}/release_agent`))).toEqual([SUCCESS]);
    expect(await calls(attempt)).toEqual([0, 'EPERM', 'ENOENT']);
    // The published way: a user namespace more, in which the attacker is root of everything.
    const namespaces = `unshare -UrmC sh -c 'mkdir /tmp/c; mount -t cgroup -o ${options?.join()} c /tmp/c; : > /tmp/c/release_agent'`;
    expect(await sh(namespaces, { security: { seccomp: 'unconfined' } })).toMatch(
      /denied|not permitted|must be super/i,
    );
    expect(await sh(namespaces)).toContain('unshare failed: Operation not permitted');
  });

  attack('the cgroup namespace begins at the cgroup of the container', async () => {
    const groups = (await sh('cat /proc/self/cgroup')).trim().split('\n');
    expect(groups.filter((line) => !line.endsWith(':/'))).toEqual([]);
  });

  attack('CVE-2023-25809: no cgroup can be written', async () => {
    if (name === 'root') {
      const made = [...mountCgroup('cgroup2'), ['mkdirat', AT_FDCWD, 'text:/tmp/cgroup/escape', 0o755]] as const;
      const undone = ['unlinkat', AT_FDCWD, 'text:/tmp/cgroup/escape', 0x200] as const;
      expect(await calls([...made, undone], { privileged: true })).toEqual([0, 0, 0, 0]);
    }
    expect(await calls(mountCgroup('cgroup2'))).toEqual([0, 'EPERM']);
    expect(await sh('find /sys/fs/cgroup -writable 2>&1; mkdir /sys/fs/cgroup/escape')).toMatch(
      /Read-only|denied|No such/,
    );
    expect(await sh('find /sys/fs/cgroup -writable -type d')).toBe('');
  });

  attack('what tells of the machine is hidden', async () => {
    const look = 'cat /proc/keys /proc/timer_list /proc/interrupts; ls /proc/acpi /proc/scsi /sys/firmware';
    const bare = await sh(look, { security: { systemPaths: 'unconfined' } });
    expect(bare).toMatch(/CPU0/);
    expect((await sh(look)).replaceAll(/^\/\S+:$|^ls: .*No such.*$/gm, '').trim()).toBe('');
  });

  attack('what hides it cannot be taken away or written', async () => {
    expect(await call(['umount2', 'text:/proc/keys', 0])).toBe('EPERM');
    // Nor with a mount namespace more, whose maker has all power over mounts: those of the container are locked there.
    const again = "unshare -Urm sh -c 'umount /proc/keys; cat /proc/keys'";
    expect(await sh(again, { security: { seccomp: 'unconfined' } })).toMatch(/^umount: [^\n]*\n$/);
    const swallowed = await sh(
      'for f in /proc/keys /proc/timer_list; do echo x > $f && chmod 700 $f; cat $f; stat -c %F,%t:%T $f; done',
    );
    expect(swallowed.match(/Read-only file system|not permitted/g)).toHaveLength(2); // the change of the mode, or an empty file
    expect(swallowed.match(MASK[name])).toHaveLength(2);
    expect(swallowed).not.toMatch(/^x$/m);
  });

  attack('the log of the kernel cannot be read from a file either', async () => {
    const look: Call[] = [
      ['openat', AT_FDCWD, 'text:/proc/kmsg', 0],
      ['openat', AT_FDCWD, 'text:/dev/kmsg', 0],
    ];
    if (name === 'root') expect(await calls(look, { privileged: true })).toContainEqual(SUCCESS);
    expect(await calls(look)).toEqual([REFUSED, 'ENOENT']);
  });
});

inEachWay('the keys of the host', attacks, ({ name, calls }) => {
  const KEYCTL_GET_KEYRING_ID = 0;
  const SESSION_KEYRING = -3;
  const USER_KEYRING = -4;
  const USER_SESSION_KEYRING = -5;
  const SEARCH = 10;
  const UNLINK = 9;
  const search: Call = ['keyctl', SEARCH, USER_KEYRING, 'text:user', 'text:coracle:escape', 0];

  attack('cannot be found', async () => {
    const [key] = callOnHost(attacks(), [
      'add_key',
      'text:user',
      'text:coracle:escape',
      'text:secret',
      6,
      USER_KEYRING,
    ]);
    expect(key).toEqual(SUCCESS);
    try {
      const [bare] = await calls([search], { security: { seccomp: 'unconfined' } });
      // Keys belong to a user of a user namespace: without one of its own, the container's root has those of the host's.
      expect(bare).toEqual(name === 'root' ? key : 'ENOKEY');
      expect(await calls([search])).toEqual(['EPERM']);
    } finally {
      expect(callOnHost(attacks(), ['keyctl', UNLINK, key ?? 0, USER_KEYRING])).toEqual([0]);
    }
  });

  attack('the session keyring is not that of the caller', async () => {
    const keyrings: Call[] = [
      ['keyctl', KEYCTL_GET_KEYRING_ID, SESSION_KEYRING, 0],
      ['keyctl', KEYCTL_GET_KEYRING_ID, USER_SESSION_KEYRING, 0],
    ];
    // Processes of the host that are not told otherwise have the one of who started them, or of their user.
    const [session, ofUser] = callOnHost(attacks(), ...keyrings);
    expect(callOnHost(attacks(), ...keyrings)).toEqual([session, ofUser]);
    expect(session).toEqual(SUCCESS);
    const [own, users] = await calls(keyrings, { security: { seccomp: 'unconfined' } });
    expect(own).toEqual(SUCCESS);
    expect([session, ofUser, users]).not.toContain(own);
    expect(await calls(keyrings)).toEqual(['EPERM', 'EPERM']);
  });
});

inEachWay('a root that was prepared', attacks, ({ name, sh }) => {
  attack('CVE-2025-31133: /dev/null that is a link hides nothing and opens nothing', async () => {
    using scene = makeScene();
    symlinkSync('/proc/sys/kernel/core_pattern', join(scene.root, 'dev/null'));
    const naive = `touch ${scene.root}/mask; mount --bind ${scene.root}/dev/null ${scene.root}/mask; cat ${scene.root}/mask`;
    expect(shWithOwnMounts(naive)).toBe(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'));
    const look = 'for f in /proc/keys /proc/timer_list; do cat $f; stat -c %F,%t:%T $f; (echo x > $f); cat $f; done';
    const seen = await sh(look, { root: scene.root });
    expect(seen.match(MASK[name])).toHaveLength(2);
    expect(
      seen
        .replaceAll(MASK[name], '')
        .replaceAll(/^.*Read-only file system$/gm, '')
        .trim(),
    ).toBe('');
  });

  attack('CVE-2025-52881: nothing is written by a path while it is made', () => {
    using scene = makeScene();
    const terminal = { rows: 24, columns: 80 };
    const opened = explainContainer({ command: ['true'], root: scene.root, hostname: 'box', terminal })
      .filter(({ by }) => by === 'init')
      .flatMap(({ steps }) => steps)
      .filter(({ syscall, call }) => syscall.startsWith('openat') && /O_WRONLY|O_RDWR/.test(call))
      .map(({ call }) => call);
    // What is written is found from descriptors of file systems that are new: the terminal's, and the private /proc, in
    // which neither a link nor a mount can lead elsewhere.
    const settings = opened.filter((call) => !call.includes('"/dev/pts/ptmx"'));
    expect(opened).toHaveLength(settings.length + 1);
    for (const call of settings)
      expect(call).toMatch(/^openat2\(<proc>, "sys\/.*RESOLVE_BENEATH\|RESOLVE_NO_XDEV\|RESOLVE_NO_SYMLINKS/);
  });
});
