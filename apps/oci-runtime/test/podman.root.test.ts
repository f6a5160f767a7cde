import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { copyApp, findLeftovers, NODE, needs, Podman, type Said, whyNoPodman } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { builtRuntime, until } from './runtime.ts';

const PROGRAMS = ['podman', 'runc', 'unshare', 'setpriv'].map((name) => needs.program(name));
const canTry = needs.root.met && PROGRAMS.every(({ met }) => met);
const MINUTE = 60_000;

/** Started once to see whether it can: a machine may forbid what podman needs. */
function works(how: string, rootless: boolean): ReturnType<typeof needs.program> {
  const why = canTry ? whyNoPodman({ rootless }) : 'not tried';
  return { what: `a podman that starts ${how} containers here (${why})`, met: why === undefined };
}

let before: ReturnType<typeof findLeftovers>;
let runtime: string;
beforeAll(() => {
  if (!canTry) return;
  before = findLeftovers();
  builtRuntime();
  runtime = copyApp({ app: 'apps/oci-runtime', name: 'coracle-oci.cjs' });
});
afterAll(() => {
  if (!canTry) return;
  rmSync(dirname(runtime), { recursive: true });
  expect(findLeftovers()).toEqual(before);
});

const shown = NODE === '/usr' ? [] : [NODE];

needs.describe(
  needs.root,
  ...PROGRAMS,
  works('rootful', false),
)('podman as root', () => {
  const test = needs.test();

  test(
    'runs programs to their end, with and without a terminal, and tells those that cannot be started from others',
    () => {
      using podman = new Podman({ shown, runtime });
      expect(podman.run([], ['sh', '-c', 'echo hello; exit 7'])).toEqual({ status: 7, said: 'hello\n' });
      expect(podman.run(['-t'], ['sh', '-c', 'tty'])).toEqual({ status: 0, said: '/dev/pts/0\r\n' });
      expect(podman.run([], ['nothing']).status).toBe(127);
      expect(podman.run([], ['/etc']).status).toBe(126);
      const words = ['sh', '-c', 'id -u; id -g; pwd; echo $A; hostname'];
      expect(podman.run(['--user', '12:34', '--workdir', '/tmp', '--env', 'A=b', '--hostname', 'boat'], words)).toEqual(
        {
          status: 0,
          said: '12\n34\n/tmp\nb\nboat\n',
        },
      );
      expect(podman.run(['--read-only', '--read-only-tmpfs=false'], ['touch', '/file']).status).toBe(1);
    },
    2 * MINUTE,
  );

  test(
    'keeps one in the background, enters, pauses, watches and stops it',
    async () => {
      const podman = new Podman({ shown, runtime });
      const call = (...words: string[]): Said => podman.call(...words);
      const inspect = (what: string): string => call('inspect', '--format', `{{.State.${what}}}`, 'box').said.trim();
      const script = 'trap "exit 5" TERM; echo begun; while :; do sleep 0.1; done';
      const options = [
        '--name',
        'box',
        '--memory',
        '64m',
        '--pids-limit',
        '50',
        '--health-cmd',
        'true',
        '--health-interval',
        'disable',
      ];
      try {
        expect(
          call('run', '-d', ...podman.containerOptions(), ...options, '--rootfs', podman.rootfs, 'sh', '-c', script)
            .status,
        ).toBe(0);
        await until('it has begun', () => call('logs', 'box').said === 'begun\n');
        expect(call('exec', 'box', 'sh', '-c', 'echo inside; exit 9')).toEqual({ status: 9, said: 'inside\n' });
        expect(call('exec', '-t', 'box', 'tty')).toEqual({ status: 0, said: '/dev/pts/0\r\n' });
        expect(call('exec', 'box', 'nothing').status).toBe(127);
        expect(call('exec', '-d', 'box', 'sleep', '1000').status).toBe(0);
        expect(call('top', 'box').said).toContain('sleep 1000');
        expect(call('stats', '--no-stream', '--format', '{{.MemUsage}}', 'box').said).toContain('67.11MB');
        expect(call('update', '--memory', '80m', 'box').status).toBe(0);
        const limits = 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null';
        expect(call('exec', 'box', 'sh', '-c', limits).said).toBe('83886080\n');
        expect(call('healthcheck', 'run', 'box').status).toBe(0);
        expect(call('pause', 'box').status).toBe(0);
        expect(inspect('Status')).toBe('paused');
        expect(call('unpause', 'box').status).toBe(0);
        expect(call('stop', 'box').status).toBe(0);
        expect(`${inspect('Status')} ${inspect('ExitCode')}`).toBe('exited 5');
        expect(call('start', 'box').status).toBe(0);
        expect(call('kill', '--signal', 'KILL', 'box').status).toBe(0);
        expect(call('wait', 'box').said).toBe('137\n');
        expect(call('rm', 'box').status).toBe(0);
        expect(call('ps', '--all', '--quiet').said).toBe('');
      } finally {
        call('rm', '--force', 'box');
        podman[Symbol.dispose]();
      }
    },
    3 * MINUTE,
  );
});

needs.describe(
  needs.root,
  ...PROGRAMS,
  works('rootless', true),
)('podman as an ordinary user', () => {
  const test = needs.test();

  test(
    'runs programs to their end, and further ones in what it keeps in the background',
    () => {
      using podman = new Podman({ shown, runtime, rootless: true });
      expect(podman.run([], ['sh', '-c', 'id -u; exit 7'])).toEqual({ status: 7, said: '0\n' });
      expect(podman.run(['-t'], ['tty'])).toEqual({ status: 0, said: '/dev/pts/0\r\n' });
      expect(podman.run(['--userns', 'keep-id'], ['id', '-u'])).toEqual({ status: 0, said: '65534\n' });
    },
    2 * MINUTE,
  );
});
