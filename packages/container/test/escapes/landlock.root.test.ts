import { constants } from 'node:fs';
import { landlockVersion } from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { describe, expect } from '@jest/globals';
import { Container, type ContainerOptions } from '../../src/index.ts';
import { type Answer, answersOf, type Call, commandFor } from './support/calls.ts';
import { callOnHost } from './support/on-host.ts';
import { makeScene } from './support/scene.ts';
import { prepareAttacks } from './support/suite.ts';

const attacks = prepareAttacks('call');
const attack = needs.test(needs.root, needs.program('gcc'), { what: 'Landlock 2', met: landlockVersion() >= 2 });

const AT_FDCWD = -100;
const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT } = constants;
const CLONE_NEWNS = 0x20000;
const CLONE_NEWUSER = 0x10000000;
const OPEN_TREE_CLONE = 1;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MS_REMOUNT_BIND = 32 | 4096;
const SUCCESS = expect.any(Number);

/** No program: while one is open for writing nobody can start it, and while it runs it cannot be opened (ETXTBSY). */
const OF_HOST = '/usr/lib/os-release';

const WALL = { landlock: 'files' } as const;

/** Steps of the host into the mount namespace of a container: what a fault of the runtime or of the kernel might come to. */
function enter(pid: number, at: number): Call[] {
  return [
    ['openat', AT_FDCWD, `text:/proc/${pid}/ns/mnt`, O_RDONLY],
    ['setns', `result:${at}`, CLONE_NEWNS],
  ];
}

/** A directory of the host turns up in the container, to be written, where no plan has it. */
function leak(pid: number, directory: string): void {
  const done = callOnHost(attacks(), ['open_tree', AT_FDCWD, `text:${directory}`, OPEN_TREE_CLONE], ...enter(pid, 1), [
    'move_mount',
    'result:0',
    'text:',
    AT_FDCWD,
    'text:/leak',
    MOVE_MOUNT_F_EMPTY_PATH,
  ]);
  expect(done).toEqual([SUCCESS, SUCCESS, 0, 0]);
}

/** A mount that was read-only no longer is. */
function makeWritable(pid: number, path: string): void {
  const remount: Call = ['mount', 'text:none', `text:${path}`, 'text:', MS_REMOUNT_BIND, 0];
  expect(callOnHost(attacks(), ...enter(pid, 0), remount)).toEqual([SUCCESS, 0, 0]);
}

/** What a container's first program gets, and one that comes later, when something happens to its mounts before. */
async function answers(
  calls: readonly Call[],
  { happens, ...options }: Omit<ContainerOptions, 'command'> & { happens: (pid: number) => void },
): Promise<{ first: Answer[]; later: Answer[] }> {
  const volumes = [...(options.volumes ?? []), attacks().volume];
  const command = ['sh', '-c', 'read _; "$@"; read _', 'sh', ...commandFor(calls)];
  await using box = await Container.run({ ...options, command, volumes, stdin: 'pipe' });
  happens(box.pid);
  const later = await box.exec(commandFor(calls));
  box.stdin?.end('\n\n');
  await box.wait();
  return { first: answersOf((await box.stdout?.text()) ?? ''), later: answersOf(later.stdout) };
}

const open = (path: string, mode: number): Call => ['openat', AT_FDCWD, `text:${path}`, mode, 0o666];

describe.each(['host', 'auto'] as const)('Landlock as a second wall, with the user ids %s', (userNamespace) => {
  attack('a directory of the host that turns up where none is planned is neither read nor written', async () => {
    using scene = makeScene();
    const calls: Call[] = [
      open('/leak/canary', O_RDONLY),
      open('/leak/canary', O_RDWR),
      open('/leak/new', O_RDWR | O_CREAT),
      ['mkdir', 'text:/leak/directory', 0o777],
      ['symlink', 'text:/', 'text:/leak/link'],
      ['rename', 'text:/leak/canary', 'text:/leak/moved'],
      ['unlink', 'text:/leak/canary'],
    ];
    // So that there is a directory to mount on.
    const volumes = [{ source: scene.root, target: '/leak/deeper', readOnly: true }];
    const options = { userNamespace, volumes, happens: (pid: number) => leak(pid, scene.outside) };
    const before = scene.inventory();
    const { first, later } = await answers(calls, { ...options, security: WALL });
    expect(first).toEqual(calls.map(() => 'EACCES'));
    expect(later).toEqual(first);
    expect(scene.inventory()).toBe(before);
    expect((await answers(calls.slice(0, 4), options)).later).toEqual([SUCCESS, SUCCESS, SUCCESS, 0]);
    expect(scene.inventory()).not.toBe(before);
  });

  attack('programs of a user namespace in it mount nothing', async () => {
    const calls: Call[] = [
      ['unshare', CLONE_NEWUSER | CLONE_NEWNS],
      ['mount', 'text:none', 'text:/tmp', 'text:tmpfs', 0, 0],
    ];
    const options = { userNamespace, happens: () => {} };
    const security = { seccomp: 'unconfined' } as const;
    expect((await answers(calls, { ...options, security })).first).toEqual([0, 0]);
    expect((await answers(calls, { ...options, security: { ...security, ...WALL } })).first).toEqual([0, 'EPERM']);
  });
});

describe('Landlock as a second wall, when a mount is no longer read-only', () => {
  attack("the host's /usr cannot be opened for writing", async () => {
    const calls = [open(OF_HOST, O_RDONLY), open(OF_HOST, O_WRONLY)];
    const options = { happens: (pid: number) => makeWritable(pid, '/usr') };
    expect((await answers(calls, options)).later).toEqual([SUCCESS, SUCCESS]);
    const { first, later } = await answers(calls, { ...options, security: WALL });
    expect([first, later]).toEqual(Array(2).fill([SUCCESS, 'EACCES']));
  });

  attack('the settings of the kernel cannot either', async () => {
    const calls = [open('/proc/sys/kernel/core_pattern', O_RDONLY), open('/proc/sys/kernel/core_pattern', O_WRONLY)];
    const options = { happens: (pid: number) => makeWritable(pid, '/proc/sys') };
    expect((await answers(calls, options)).later).toEqual([SUCCESS, SUCCESS]);
    const { first, later } = await answers(calls, { ...options, security: WALL });
    expect([first, later]).toEqual(Array(2).fill([SUCCESS, 'EACCES']));
  });

  attack('a read-only volume stays so', async () => {
    using scene = makeScene();
    const calls = [open('/data/canary', O_RDONLY), open('/data/canary', O_WRONLY)];
    const volumes = [{ source: scene.outside, target: '/data', readOnly: true }];
    const options = { volumes, happens: (pid: number) => makeWritable(pid, '/data') };
    expect((await answers(calls, options)).later).toEqual([SUCCESS, SUCCESS]);
    const { first, later } = await answers(calls, { ...options, security: WALL });
    expect([first, later]).toEqual(Array(2).fill([SUCCESS, 'EACCES']));
  });
});

describe('a further program', () => {
  attack('gets no right on what a link that was put in the way of a volume leads to', async () => {
    using scene = makeScene();
    const volumes = [{ source: scene.outside, target: '/home/a/data' }, attacks().volume];
    const calls = [open(OF_HOST, O_WRONLY), open('/home/moved/data/canary', O_WRONLY)];
    await using box = await Container.run({ command: ['sleep', '60'], volumes, security: WALL });
    await box.exec(['sh', '-c', 'mv /home/a /home/moved && mkdir /home/a && ln -s /usr /home/a/data']);
    makeWritable(box.pid, '/usr');
    const { stdout } = await box.exec(commandFor(calls));
    expect(answersOf(stdout)).toEqual(['EACCES', SUCCESS]);
  });
});
