import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { Bundle, groupsNamed, Runtime, testRuntime, until } from './runtime.ts';

let ours: string;
testRuntime((path) => {
  ours = path;
});

/** Kills the command, or a process it has made, at the n-th call of one kind. Returns whether it came to that. */
function runAndKill(
  args: readonly string[],
  { at, count, log, follow }: { at: string; count: number; log: string; follow: boolean },
): boolean {
  const words = [
    ...(follow ? ['-f'] : []),
    '-q',
    '-o',
    log,
    '-e',
    `trace=${at}`,
    '-e',
    `inject=${at}:signal=KILL:when=${count}`,
  ];
  spawnSync('strace', [...words, ...args], { stdio: 'ignore', timeout: 60_000, cwd: '/' });
  return readFileSync(log, 'utf8').includes('killed by SIGKILL');
}

/** So many moments of a kind are enough. */
const MOST = Number(process.env['CORACLE_FAULTS'] ?? 2);

/** The processes that see a container's root, or wait to: what still runs of it. */
function processesOf(rootfs: string): string[] {
  const textOf = (path: string): string => {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      return ''; // it ended between the listing and the look
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (pid) =>
        textOf(`/proc/${pid}/mountinfo`).includes(` ${rootfs} `) ||
        textOf(`/proc/${pid}/cmdline`).startsWith('coracle: container box'),
    );
}

needs.describe(
  needs.root,
  needs.program('busybox'),
  needs.program('strace'),
)('the command, killed amid its work', () => {
  const test = needs.test();
  /** Kills at each of the first calls of a kind, until there are no more, and looks what is left. */
  const kill = (
    title: string,
    kinds: readonly string[],
    about: { earlier?: string[][]; command: string[]; follow?: boolean },
  ): void => {
    const { earlier = [], command, follow = false } = about;
    for (const at of kinds)
      test(`${title}, at each ${at}: what is left is removed by delete --force`, async () => {
        let kills = 0;
        for (let count = 1, came = true; came && count <= MOST; count++) {
          using bundle = new Bundle();
          using runtime = new Runtime(ours);
          bundle.configure(follow ? ['true'] : ['sleep', '1000']);
          const words = (list: readonly string[]): string[] =>
            list.map((word) => (word === 'BUNDLE' ? bundle.path : word));
          for (const one of earlier) expect(runtime.call(words(one)).status).toBe(0);
          const args = [process.execPath, ours, '--root', join(runtime.state, 'root'), ...words(command)];
          came = runAndKill(args, { at, count, log: join(runtime.state, 'trace'), follow });
          kills += Number(came);
          expect(runtime.call(['delete', '--force', 'box'])).toMatchObject({ status: 0 });
          expect(runtime.left()).toEqual([]);
          expect(groupsNamed(`coracle-oci-test-${process.pid}/box`)).toEqual([]);
          await until('its processes are gone', () => processesOf(bundle.rootfs).length === 0);
        }
        expect(kills).toBeGreaterThan(0);
      }, 240_000);
  };
  const create = ['create', '--bundle', 'BUNDLE', 'box'];
  kill('create', ['mkdir', 'bind', 'rename', 'sendto'], { command: create });
  kill('start', ['connect', 'unlink'], { earlier: [create], command: ['start', 'box'] });
  kill('delete', ['pidfd_send_signal', 'rmdir', 'rename'], {
    earlier: [create, ['start', 'box']],
    command: ['delete', '--force', 'box'],
  });
  const run = { command: ['run', '--bundle', 'BUNDLE', 'box'], follow: true };
  kill('run with its agent and init', ['clone3', 'mkdirat', 'move_mount', 'pivot_root', 'accept4', 'capset'], run);

  test('exec, kill, pause, resume and update, at a few calls each: the container goes on, and who asks again is served', async () => {
    using bundle = new Bundle();
    using runtime = new Runtime(ours);
    bundle.configure(['sleep', '1000']);
    for (const one of [
      ['create', '--bundle', bundle.path, 'box'],
      ['start', 'box'],
    ])
      expect(runtime.call(one).status).toBe(0);
    const status = (): unknown => runtime.stateOf('box')?.['status'];
    const kills = (command: string[], at: string, { follow = false } = {}): void => {
      const args = [process.execPath, ours, '--root', join(runtime.state, 'root'), ...command];
      const log = join(runtime.state, 'trace');
      expect([...command, at, runAndKill(args, { at, count: 1, log, follow })]).toEqual([...command, at, true]);
    };
    const exec = ['exec', 'box', 'true'];
    for (const at of ['setns', 'clone3', 'capset']) kills(exec, at, { follow: true });
    kills(exec, 'sendto');
    await until('only its own program is in it', () => processesOf(bundle.rootfs).length === 1);
    expect(runtime.call(exec)).toMatchObject({ status: 0 });
    kills(['kill', 'box', 'CONT'], 'pidfd_send_signal');
    expect(runtime.call(['kill', 'box', 'CONT'])).toMatchObject({ status: 0 });
    for (const at of ['flock', 'statfs']) kills(['update', '--pids-limit', '50', 'box'], at);
    expect(runtime.call(['update', '--pids-limit', '50', 'box'])).toMatchObject({ status: 0 });
    // A lock that stayed, or a state that says what is not so, would keep the other of the two from its work.
    for (const [verb, before] of [
      ['pause', 'running'],
      ['resume', 'paused'],
    ] as const) {
      expect(status()).toBe(before);
      kills([verb, 'box'], 'flock');
      expect(status()).toBe(before);
      kills([verb, 'box'], 'inotify_add_watch');
      if (status() === before) expect(runtime.call([verb, 'box'])).toMatchObject({ status: 0 });
    }
    expect(status()).toBe('running');
    expect(runtime.call(['delete', '--force', 'box'])).toMatchObject({ status: 0 });
    expect(runtime.left()).toEqual([]);
    await until('its processes are gone', () => processesOf(bundle.rootfs).length === 0);
  }, 240_000);
});
