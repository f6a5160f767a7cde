import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundledProgram, makeBusyboxRootfs, needs, PLAIN_USER } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Check } from '../src/doctor/index.ts';
import { type ExplainedPart, type RunOptions, run } from '../src/index.ts';
import { byDescriptor } from './by-descriptor.ts';
import { type Ended, startWorker, type Way, WORKER } from './escapes/support/ways.ts';
import { makeScratch, type Scratch } from './mounts/scene.ts';

// The tests of volumes, places and escapes hold on this road as well: `npm run test:older-calls`.

const MINUTE = 60_000;
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const [NODE, refuse] = await bundledProgram(new URL('programs/refuse-mount-calls.ts', import.meta.url));
const REFUSED = ['--import', refuse];
const FROM_SOURCE = ['--conditions', '@coracle/source', '--import', 'tsx'];
const envOf = (errno: string): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_OPTIONS: '',
  TSX_DISABLE_CACHE: '1',
  REFUSE_MOUNT_CALLS: errno,
});

/** Starts containers from a process to which the calls are refused with this errno. */
function refusedWith(errno: 'ENOSYS' | 'EPERM', uid = 0): Way {
  const [node, worker] = WORKER;
  return startWorker({ uid, gid: uid, env: envOf(errno) }, [node, ...REFUSED, worker]);
}

/** What a program prints, as JSON, that is refused the calls. */
async function output<Printed>(errno: string, args: readonly string[]): Promise<Printed> {
  const { stdout } = await promisify(execFile)(NODE, [...FROM_SOURCE, ...REFUSED, ...args], {
    env: envOf(errno),
    cwd: program('.'),
  });
  return JSON.parse(stdout);
}

/** Shows each mountpoint with all that its mount forbids, and the type of the file system. */
const LOOK = 'cut -d" " -f5,6,9 /proc/self/mountinfo';

/** A file system with others below it. */
function nested(scratch: Scratch): string {
  const source = scratch.mount('source', '-o', 'nosuid', '--make-private');
  scratch.mount('source/below', '--make-private');
  scratch.mount('source/below/deeper', '-o', 'noatime', '--make-private');
  scratch.file('source/file', 'text\n');
  return source;
}

const volumesOf = (source: string): NonNullable<RunOptions['volumes']> => [
  { source, target: '/ro', readOnly: true },
  { source, target: '/rw' },
  { source, target: '/top', readOnly: true, recursive: 'writable' },
  { source, target: '/data/noexec', exec: false },
  { source: join(source, 'file'), target: '/data/file', readOnly: true },
];

const ROADS = ['root, ENOSYS', 'root, EPERM', 'an ordinary user, EPERM'] as const;

needs.describe(
  needs.root,
  needs.program('busybox'),
  byDescriptor,
)('without the calls that make mounts by descriptor', () => {
  let older: Record<(typeof ROADS)[number], Way>;
  let userWithThem: Way;
  let rootfs: ReturnType<typeof makeBusyboxRootfs>;
  beforeAll(() => {
    rootfs = makeBusyboxRootfs();
    writeFileSync(join(rootfs.path, 'etc/hosts'), 'old\n');
    userWithThem = startWorker({ uid: PLAIN_USER, gid: PLAIN_USER });
    older = {
      'root, ENOSYS': refusedWith('ENOSYS'),
      'root, EPERM': refusedWith('EPERM'),
      'an ordinary user, EPERM': refusedWith('EPERM', PLAIN_USER),
    };
  });
  afterAll(() => {
    for (const way of [userWithThem, ...Object.values(older)]) way[Symbol.dispose]();
    rootfs[Symbol.dispose]();
  });

  /** What a script writes with the older calls and with the newer ones. */
  async function onBothRoads(
    road: (typeof ROADS)[number],
    script: string,
    options: RunOptions,
  ): Promise<{ without: Ended; withThem: Ended }> {
    const isUser = road.startsWith('an ordinary user');
    const command = ['sh', '-c', script];
    const withThem = await (isUser ? userWithThem.run(command, options) : run(command, options));
    const without = await older[road].run(command, options);
    expect([withThem, without].map(({ isolation }) => isolation.mountCalls)).toEqual(['descriptor', 'path']);
    return { without, withThem };
  }

  test('the first containers of a process have it, also where several start at once', async () => {
    using way = refusedWith('ENOSYS');
    const all = await Promise.all(Array.from({ length: 6 }, () => way.run(['true'], {})));
    expect(all.map(({ isolation }) => isolation.mountCalls)).toEqual(all.map(() => 'path'));
  });

  test('a container whose time is up while it is set up has an end, as with them', async () => {
    // At the end of the set-up its mounts are looked at, which a killed one has not any more.
    const timeouts = Array.from({ length: 16 }, (_, index) => index + 1);
    for (const way of [older['root, EPERM'], older['an ordinary user, EPERM'], userWithThem])
      for (const timeout of timeouts)
        expect(await way.run(['sleep', '100'], { timeout })).toMatchObject({ signal: 'SIGKILL' });
  });

  test.each([
    ...ROADS.map((road) => [road, {}] as const),
    ['root, EPERM', { userNamespace: 'auto' }] as const,
    ['root, ENOSYS', { root: 'busybox' }] as const,
    ['root, EPERM', { root: 'busybox', overlay: true, readOnly: true }] as const,
    ['an ordinary user, EPERM', { root: 'busybox', overlay: true }] as const,
  ])(
    'all is mounted as it is with them (%s, %j)',
    async (
      road,
      { root, overlay = false, ...rest }: { root?: string; overlay?: boolean } & Omit<RunOptions, 'root'>,
    ) => {
      using scratch = makeScratch();
      const options: RunOptions = {
        ...rest,
        ...(root === undefined ? {} : { root: { path: rootfs.path, overlay } }),
        volumes: volumesOf(nested(scratch)),
        tmpfs: [{ target: '/memory', options: ['size=1m', 'noexec'] }],
      };
      const tries = `ls / /dev; touch /new && rm /new; touch /ro/x /ro/below/x /data/file; echo x > /proc/sysrq-trigger; cat /proc/timer_list /..${scratch.path}`;
      const { without, withThem } = await onBothRoads(road, `${LOOK}; ${tries}`, options);
      const inUserNamespace = road === 'an ordinary user, EPERM' || 'userNamespace' in rest;
      // There the null device that hides files is the host's, which the older calls lose with the old root: an empty file does it.
      const masked = (line: string): string =>
        inUserNamespace
          ? line.replace(/^(\/proc\/\w+ ro,nosuid),noexec,relatime devtmpfs$/, '$1,nodev,noexec,relatime tmpfs')
          : line;
      expect(without.stdout.split('\n')).toEqual(withThem.stdout.split('\n').map(masked));
      expect(/\/proc\/keys .* devtmpfs$/m.test(withThem.stdout)).toBe(inUserNamespace);
      expect(without.stderr).toBe(withThem.stderr);
      expect(without.stdout.split('\n')).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^\/ro ro,nosuid,nodev/),
          expect.stringMatching(/^\/ro\/below ro,/),
          expect.stringMatching(/^\/ro\/below\/deeper ro,.*noatime/),
          expect.stringMatching(/^\/top ro,/),
          expect.stringMatching(/^\/top\/below rw,/),
          expect.stringMatching(/^\/proc\/sys ro,/),
        ]),
      );
    },
    MINUTE,
  );

  describe('what mount(2) cannot do is refused, with the call, the reason and the remedy:', () => {
    const refusal = {
      code: 'ENOSYS',
      syscall: 'mount_setattr',
      message: expect.stringContaining('a filter of system calls around this process refuses'),
      hint: expect.stringMatching(/Linux 5\.12.*seccomp=unconfined/),
    };

    test('mounts that stay connected with the host', async () => {
      using scratch = makeScratch();
      const volumes = [
        { source: scratch.mount('source', '--make-shared'), target: '/data', propagation: 'rslave' as const },
      ];
      await expect(older['root, EPERM'].run(['true'], { volumes })).rejects.toMatchObject(refusal);
    });

    test('files with the ids of the container', async () => {
      const options: RunOptions = { root: { path: rootfs.path, overlay: true }, userNamespace: 'auto' };
      await expect(older['root, ENOSYS'].run(['true'], options)).rejects.toMatchObject(refusal);
    });
  });

  test(
    'a terminal has its /dev/console',
    async () => {
      const code = `
      import { Container } from '@coracle/container';
      const box = await Container.run({
        command: ['sh', '-c', 'test -c /dev/console && test -t 0'],
        terminal: { rows: 24, columns: 80 },
      });
      console.log(JSON.stringify({ calls: box.isolation.mountCalls, ...(await box.wait()) }));
      process.exit();
    `;
      const ended = await output('EPERM', ['--input-type=module', '-e', code]);
      expect(ended).toMatchObject({ calls: 'path', exitCode: 0 });
    },
    MINUTE,
  );

  test(
    'explain shows the calls that are made, and says why',
    async () => {
      const code = `
        import { explainContainer } from '@coracle/container';
        console.log(JSON.stringify(explainContainer({ command: ['true'] })));
      `;
      const parts = await output<ExplainedPart[]>('ENOSYS', ['--input-type=module', '-e', code]);
      const calls = parts.flatMap(({ steps }) => steps.map(({ syscall }) => syscall));
      expect(calls).toContain('mount');
      expect(calls.filter((call) => /^(open_tree|move_mount|fsopen|mount_setattr)$/.test(call))).toEqual([]);
      expect(parts.flatMap(({ remarks = [] }) => remarks).join('\n')).toContain('Mounts are made with mount(2)');
    },
    MINUTE,
  );

  test(
    'the doctor warns of what is missing',
    async () => {
      const checks = await output<Check[]>('EPERM', [program('doctor/programs/print-checks.ts')]);
      expect(checks.find(({ topic }) => topic === 'system calls')).toMatchObject({
        status: 'warning',
        found: expect.stringMatching(/open_tree.*mount_setattr.*older calls/),
        fix: expect.stringContaining('seccomp=unconfined'),
      });
      expect(checks.find(({ topic }) => topic === 'proc')?.status).toBe('ok');
    },
    MINUTE,
  );
});

needs.test(needs.root)(
  'calls that Coracle cannot do without, and a filter forbids, are named with what helps',
  async () => {
    const env = { ...envOf('EPERM'), REFUSE_CALLS: 'openat2,close_range' };
    const { stdout } = await promisify(execFile)(
      NODE,
      [...FROM_SOURCE, ...REFUSED, program('doctor/programs/print-checks.ts')],
      { env, cwd: program('.') },
    );
    const checks: Check[] = JSON.parse(stdout);
    expect(checks.find(({ topic }) => topic === 'system calls')).toMatchObject({
      status: 'missing',
      found: 'not to be had here: openat2, close_range',
      fix: expect.stringContaining('seccomp=unconfined'),
    });
    const [node, worker] = WORKER;
    using way = startWorker({ env }, [node, ...REFUSED, worker]);
    await expect(way.run(['true'])).rejects.toMatchObject({
      code: 'EPERM',
      syscall: expect.stringMatching(/openat2|close_range/),
      hint: expect.stringMatching(/a filter of system calls forbids it.*seccomp=unconfined/),
    });
  },
  MINUTE,
);
