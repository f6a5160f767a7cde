import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { needs } from '@coracle/test-support';
import { describe, expect } from '@jest/globals';
import { Container, run } from '../../src/index.ts';
import { makeScratch } from '../mounts/scene.ts';
import type { Call } from './support/calls.ts';
import { callOnHost, shOnHost } from './support/on-host.ts';
import { attack, inEachWay, prepareAttacks } from './support/suite.ts';

const attacks = prepareAttacks('call');

const AT_FDCWD = -100;
const O_RDONLY = 0;
const NULL = 0x103;
const ZERO = 0x105;
const S_IFCHR = 0o020000;
const S_IFBLK = 0o060000;
const SUCCESS = expect.any(Number);
const REFUSED = expect.stringMatching(/^(EPERM|EACCES)$/);

/** A disk of this machine that root may open here: some machines keep theirs even from root. */
const disk = existsSync('/sys/block')
  ? readdirSync('/sys/block')
      .filter((name) => canOpen(`/dev/${name}`))
      .map((name) => readFileSync(`/sys/block/${name}/dev`, 'utf8').trim())[0]
  : undefined;
const attackDisk = needs.test(needs.root, needs.program('gcc'), {
  what: 'a disk that root can open',
  met: disk !== undefined,
});

function canOpen(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'));
    return true;
  } catch {
    return false;
  }
}

const numberOf = (device: string): number => {
  const [major = 0, minor = 0] = device.split(':').map(Number);
  return (major << 8) | minor;
};

/** Makes a device and opens it; nothing is read. */
const grab = (kind: number, device: string, path = '/tmp/grabbed'): Call[] => [
  ['mknodat', AT_FDCWD, `text:${path}`, kind | 0o600, numberOf(device)],
  ['openat', AT_FDCWD, `text:${path}`, O_RDONLY],
];

inEachWay('devices', attacks, ({ name, calls, sh }) => {
  attackDisk('a disk of the host cannot be made and read', async () => {
    const rule = grab(S_IFBLK, disk ?? '');
    if (name === 'root') expect(await calls(rule, { privileged: true })).toEqual([0, SUCCESS]);
    const [made, opened] = await calls(rule);
    // Rootless the node cannot be made; as root it can (CAP_MKNOD), and is of no use.
    expect(made).toEqual(name === 'root' ? 0 : 'EPERM');
    expect(opened).toEqual(expect.stringMatching(/^(EPERM|EACCES|ENOENT)$/));
  });

  attackDisk('nor in a directory in memory or in shared memory', async () => {
    for (const path of ['/mem/disk', '/dev/disk', '/dev/shm/disk', '/etc/disk']) {
      const answers = await calls(grab(S_IFBLK, disk ?? '', path), { tmpfs: [{ target: '/mem' }] });
      expect(answers[1]).toEqual(expect.stringMatching(/^(EPERM|EACCES|ENOENT)$/));
    }
  });

  attackDisk('nor by a volume in which the node lies already', async () => {
    const node = `${attacks().path}/disk`;
    const open: Call = ['openat', AT_FDCWD, 'text:/attacks/disk', O_RDONLY];
    expect(callOnHost(attacks(), ['mknodat', AT_FDCWD, `text:${node}`, S_IFBLK | 0o666, numberOf(disk ?? '')])).toEqual(
      [0],
    );
    try {
      expect(callOnHost(attacks(), ['openat', AT_FDCWD, `text:${node}`, O_RDONLY])).toEqual([SUCCESS]);
      expect(await calls([open])).toEqual([REFUSED]);
    } finally {
      expect(shOnHost(`rm ${node}`)).toBe('');
    }
  });

  /** Devices of the kernel itself, by the numbers that never change; see admin-guide/devices.txt. */
  const KERNELS: readonly (readonly [title: string, device: string])[] = [
    ['the memory of the machine', '1:1'],
    ['its ports', '1:4'],
    ['the log of the kernel', '1:11'],
    ['the console', '5:1'],
    ['the first terminal', '4:1'],
    ['the hypervisor, to start machines by', '10:232'],
    ['fuse, file systems made by programs', '10:229'],
    ['network devices made by programs', '10:200'],
    ['loop devices', '10:237'],
    ['userfaultfd as a device', '10:126'],
  ];
  for (const [title, device] of KERNELS)
    attack(`${title} (character device ${device}) cannot be made and opened`, async () => {
      if (name === 'root') {
        // A kernel without the device has ENXIO or ENODEV for everybody.
        const [, opened] = await calls(grab(S_IFCHR, device), { privileged: true });
        expect(opened).not.toEqual(REFUSED);
      }
      const [, opened] = await calls(grab(S_IFCHR, device));
      expect(opened).toEqual(expect.stringMatching(/^(EPERM|EACCES|ENOENT)$/));
    });

  attack('those of every container are there and are what they say, and there are no others', async () => {
    const listed = await sh('for f in /dev/*; do test -b $f -o -c $f && stat -L -c "%n %t:%T" $f; done');
    // The kernel's memory, where it shows that, is hidden by a null device.
    const devices = listed
      .trim()
      .split('\n')
      .filter((line) => line !== '/dev/core 1:3');
    expect(devices).toEqual([
      '/dev/full 1:7',
      '/dev/null 1:3',
      '/dev/ptmx 5:2',
      '/dev/random 1:8',
      '/dev/stdin 1:3',
      '/dev/tty 5:0',
      '/dev/urandom 1:9',
      '/dev/zero 1:5',
    ]);
    expect(await sh('echo x > /dev/null && head -c 4 /dev/zero | wc -c')).toBe('4\n');
  });

  attack('the terminals are those of the container, none of the host', async () => {
    const seen = await sh('stat -c %d /dev/pts; ls /dev/pts');
    expect(seen).not.toContain(String(statSync('/dev/pts').dev));
    expect(seen.trim().split('\n').slice(1)).toEqual(['ptmx']);
  });
});

describe('the devices of the host, to root in a user namespace in which he has kept his id', () => {
  attack('are there and can be written, and their permissions cannot be changed', async () => {
    // They have these permissions already.
    const script =
      'for one in null zero full random tty; do chmod 666 /dev/$one; done; echo x > /dev/null && echo written';
    const { stdout, stderr } = await run('sh', ['-c', script], { userNamespace: 'keep-id' });
    expect(stdout).toBe('written\n');
    expect(stderr.match(/Read-only file system/g)).toHaveLength(5);
  });
});

describe('the null device of the host, to root whose id is that of the host', () => {
  attack('given as input, cannot be changed for all of the host', async () => {
    using scratch = makeScratch();
    const modeAfter = async (device: number, change: (stdin: number) => Promise<unknown>): Promise<number> => {
      const node = join(scratch.path, `${device}`);
      callOnHost(attacks(), ['mknodat', AT_FDCWD, `text:${node}`, S_IFCHR | 0o644, device]);
      const stdin = openSync(node, 'r');
      try {
        await change(stdin);
      } finally {
        closeSync(stdin);
      }
      return statSync(node).mode & 0o777;
    };
    // What those of the host have already: a test that fails is not to do harm.
    const change = ['sh', '-c', 'chmod 666 /proc/self/fd/0; true'];
    await using box = await Container.run({ command: ['sleep', '1000'] });
    await using same = await Container.run({ command: ['sleep', '1000'], userNamespace: 'keep-id' });
    for (const by of [
      (stdin: number) => run(change, { stdin }),
      (stdin: number) => box.exec(change, { stdin }),
      (stdin: number) => run(change, { stdin, userNamespace: 'keep-id' }),
      (stdin: number) => same.exec(change, { stdin }),
    ]) {
      // What else a caller hands on is handed on.
      expect(await modeAfter(ZERO, by)).toBe(0o666);
      rmSync(join(scratch.path, `${ZERO}`));
      expect(await modeAfter(NULL, by)).toBe(0o644);
      rmSync(join(scratch.path, `${NULL}`));
    }
  });

  attack("is not replaced by what a link in the place of the container's own leads to", async () => {
    await using box = await Container.run({ command: ['sleep', '1000'] });
    const which = ['readlink', '/proc/self/fd/0'];
    expect(await box.exec(which)).toMatchObject({ stdout: '/dev/null\n' });
    await box.exec(['sh', '-c', 'rm /dev/null; ln -s /etc/hostname /dev/null']);
    expect(await box.exec(which)).toMatchObject({ stdout: '/dev/null\n' });
  });
});
