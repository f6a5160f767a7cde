import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  askFilesystem,
  createProc,
  createSysfs,
  explainProcRefusal,
  isFilesystem,
  isMaskedProc,
  mountProc,
  openMountpoint,
} from '@coracle/procfs-mount';
import {
  CLONE,
  flags,
  MS,
  mount,
  OPEN,
  openat,
  output,
  read,
  resultOf,
  type Step,
  SyscallError,
  step,
  unshare,
} from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { giveBirth } from './birth.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString().replace(/\0+$/, '');
const READ = flags(OPEN, 'O_RDONLY', 'O_CLOEXEC');
const PRIVATE: Step = mount(
  { source: null, target: '/', flags: flags(MS, 'MS_REC', 'MS_PRIVATE') },
  'keep mounts to itself',
);
const OWN_MOUNTS: Step[] = [unshare(flags(CLONE, 'CLONE_NEWNS'), 'have mounts of its own'), PRIVATE];

/** Runs steps in new namespaces and returns the refusal, if there was one. */
async function refusal(
  namespaces: Parameters<typeof giveBirth>[0],
  steps: readonly Step[],
  before: readonly Step[] = [],
): Promise<SyscallError | undefined> {
  using birth = await giveBirth(namespaces, before);
  const failure = (await birth.init.run({ steps })).failure;
  return failure && new SyscallError(failure.step, failure.errno);
}

needs.describe(needs.root)('a proc made by the first process of a pid namespace', () => {
  test.each([[['CLONE_NEWPID', 'CLONE_NEWNS']], [['CLONE_NEWUSER', 'CLONE_NEWPID', 'CLONE_NEWNS']]] as const)(
    'in %j is a real one and shows that process as 1',
    async (namespaces) => {
      using birth = await giveBirth([...namespaces]);
      const outcome = await birth.init.run({
        steps: [
          ...createProc(),
          ...askFilesystem({ fd: resultOf('proc') }),
          openat({ dir: resultOf('proc'), path: '1/stat', flags: READ }, { why: 'look', result: 'stat' }),
          read({ fd: resultOf('stat'), into: output('stat', 4096) }, 'look'),
        ],
      });
      outcome.throwIfFailed();
      expect(isFilesystem(outcome.output('statfs'), 'proc')).toBe(true);
      expect(text(outcome.output('stat'))).toMatch(/^1 \(/);
    },
  );

  test('with a subset has no files of the kernel', async () => {
    const error = await refusal(
      ['CLONE_NEWPID', 'CLONE_NEWNS'],
      [
        ...createProc({ subset: 'pid', hidepid: 'invisible' }),
        openat({ dir: resultOf('proc'), path: 'meminfo', flags: READ }, 'look'),
      ],
    );
    expect(error).toMatchObject({ code: 'ENOENT', syscall: 'openat' });
  });

  test.each(['off', 'noaccess', 'invisible', 'ptraceable'] as const)('takes hidepid %s', async (hidepid) => {
    expect(await refusal(['CLONE_NEWPID', 'CLONE_NEWNS'], createProc({ hidepid }))).toBeUndefined();
  });
});

needs.describe(needs.root)('a sysfs', () => {
  test('belongs to a network namespace of its own', async () => {
    using birth = await giveBirth(['CLONE_NEWUSER', 'CLONE_NEWNET', 'CLONE_NEWNS']);
    const outcome = await birth.init.run({
      steps: [...createSysfs({ readonly: true }), ...askFilesystem({ fd: resultOf('sysfs') })],
    });
    outcome.throwIfFailed();
    expect(isFilesystem(outcome.output('statfs'), 'sysfs')).toBe(true);
  });

  test('that is read-only takes no writes', async () => {
    const error = await refusal(
      ['CLONE_NEWNET', 'CLONE_NEWNS'],
      [
        ...createSysfs({ readonly: true }),
        openat(
          { dir: resultOf('sysfs'), path: 'class/net/lo/mtu', flags: flags(OPEN, 'O_WRONLY') },
          'change the network',
        ),
      ],
    );
    expect(error?.code).toBe('EROFS');
  });

  test('that is not read-only does', async () => {
    const write = openat(
      { dir: resultOf('sysfs'), path: 'class/net/lo/mtu', flags: flags(OPEN, 'O_WRONLY') },
      'change it',
    );
    expect(
      await refusal(['CLONE_NEWNET', 'CLONE_NEWNS'], [...createSysfs({ readonly: false }), write]),
    ).toBeUndefined();
  });
});

needs.describe(needs.root)('the kernel refuses', () => {
  test('a proc in a user namespace whose maker sees a masked one, and the remedy is known', async () => {
    const mask = mount({ source: '/dev/null', target: '/proc/meminfo', flags: flags(MS, 'MS_BIND') }, 'mask a file');
    const error = await refusal(['CLONE_NEWUSER', 'CLONE_NEWPID', 'CLONE_NEWNS'], createProc(), [...OWN_MOUNTS, mask]);
    expect(error).toMatchObject({ code: 'EPERM', syscall: 'fsmount' });
    expect(isMaskedProc(error)).toBe(true);
    expect(explainProcRefusal(error)).toContain('systempaths=unconfined');
  });

  test('a proc in a user namespace without a pid namespace, and the remedy is known', async () => {
    const error = await refusal(['CLONE_NEWUSER', 'CLONE_NEWNS'], createProc());
    expect(error).toMatchObject({ code: 'EPERM', syscall: 'fsconfig' });
    expect(explainProcRefusal(error)).toContain('pid namespace of its own');
  });

  test('a sysfs in a user namespace without a network namespace, and the remedy is known', async () => {
    const error = await refusal(['CLONE_NEWUSER', 'CLONE_NEWNS'], createSysfs({ readonly: true }));
    expect(error).toMatchObject({ code: 'EPERM', syscall: 'fsopen' });
    expect(explainProcRefusal(error)).toContain('network namespace of its own');
  });
});

needs.describe(needs.root)('the place of a proc', () => {
  let rootfs: string;
  beforeEach(() => {
    rootfs = mkdtempSync(join(tmpdir(), 'coracle-rootfs-'));
    mkdirSync(join(rootfs, 'proc'));
    mkdirSync(join(rootfs, 'elsewhere/proc'), { recursive: true });
    symlinkSync('elsewhere', join(rootfs, 'linked'));
    symlinkSync('/proc', join(rootfs, 'absolute'));
    writeFileSync(join(rootfs, 'file'), '');
  });
  afterEach(() => rmSync(rootfs, { recursive: true }));

  const openRoot = (): Step =>
    openat(
      { path: rootfs, flags: flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC') },
      { why: 'open the root', result: 'rootfs' },
    );

  // CVE-2019-19921, CVE-2023-27561, CVE-2023-28642
  test.each([
    ['a link at the end of the path', '/absolute', 'ELOOP'],
    ['a link in the middle of the path', '/linked/proc', 'ELOOP'],
    ['a file', '/file', 'ENOTDIR'],
    ['nothing', '/absent', 'ENOENT'],
  ])('that is %s is refused, with the reason', async (_, path, code) => {
    const error = await refusal(
      ['CLONE_NEWPID', 'CLONE_NEWNS'],
      [openRoot(), ...openMountpoint({ root: resultOf('rootfs'), path })],
    );
    expect(error).toMatchObject({ code, path, step: `find the directory ${path} of the container` });
    expect(explainProcRefusal(error)).toEqual(expect.any(String));
  });

  test('cannot be outside of the root', async () => {
    const path = '/../../../../proc';
    using birth = await giveBirth(['CLONE_NEWPID', 'CLONE_NEWNS']);
    const outcome = await birth.init.run({
      steps: [
        openRoot(),
        ...openMountpoint({ root: resultOf('rootfs'), path }),
        ...askFilesystem({ fd: resultOf('mountpoint') }),
      ],
    });
    outcome.throwIfFailed();
    expect(isFilesystem(outcome.output('statfs'), 'proc')).toBe(false);
  });

  test('gets the proc, and the host sees nothing of it', async () => {
    using birth = await giveBirth(['CLONE_NEWPID', 'CLONE_NEWNS']);
    const outcome = await birth.init.run({ steps: [PRIVATE, openRoot(), ...mountProc({ root: resultOf('rootfs') })] });
    outcome.throwIfFailed();
    const mounted = readFileSync(`/proc/${birth.pid}/mountinfo`, 'utf8')
      .split('\n')
      .find((line) => line.includes(`${rootfs}/proc`));
    expect(mounted).toMatch(/nosuid,nodev,noexec,relatime - proc proc rw$/);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(rootfs);
  });

  test('that an impostor lies on is told by its magic', async () => {
    using birth = await giveBirth(['CLONE_NEWNS']);
    const impostor = mount({ source: 'tmpfs', target: join(rootfs, 'proc'), type: 'tmpfs' }, 'feign a proc');
    const outcome = await birth.init.run({
      steps: [
        PRIVATE,
        impostor,
        openRoot(),
        ...openMountpoint({ root: resultOf('rootfs'), path: '/proc' }),
        ...askFilesystem({ fd: resultOf('mountpoint') }),
      ],
    });
    outcome.throwIfFailed();
    expect(isFilesystem(outcome.output('statfs'), 'proc')).toBe(false);
  });
});

describe('without any privilege', () => {
  test('the file system of a descriptor can be asked for', async () => {
    const { runLocally } = await import('@coracle/syscalls');
    const outcome = runLocally({
      steps: [
        openat({ path: '/proc', flags: flags(OPEN, 'O_PATH') }, { why: 'open', result: 'proc' }),
        ...askFilesystem({ fd: resultOf('proc') }),
      ],
      finally: [step('close', [resultOf('proc')], 'close')],
    });
    expect(isFilesystem(outcome.output('statfs'), 'proc')).toBe(true);
  });
});
