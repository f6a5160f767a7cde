import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  copyApp,
  Docker,
  dockerWorks,
  findLeftovers,
  makeBusyboxRootfs,
  NODE,
  needs,
  type Said,
} from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { builtRuntime, until } from './runtime.ts';

const PROGRAMS = ['dockerd', 'docker', 'containerd', 'runc', 'unshare', 'ip', 'tar', 'busybox'].map((name) =>
  needs.program(name),
);
const MINUTE = 60_000;
/** The name by which the daemon knows the runtime. */
const NAME = 'coracle';

let before: ReturnType<typeof findLeftovers> | undefined;
let runtime: string;
let docker: Docker | undefined;

function engine(): Docker {
  if (!docker) throw new Error('no dockerd runs');
  return docker;
}

const run = (options: readonly string[], ...command: string[]): Said =>
  engine().run(['--runtime', NAME, ...options], command);

needs.describe(
  needs.root,
  ...PROGRAMS,
  dockerWorks(PROGRAMS),
)('docker run --runtime', () => {
  const test = needs.test();

  beforeAll(() => {
    before = findLeftovers();
    builtRuntime();
    runtime = copyApp({ app: 'apps/oci-runtime', name: 'coracle-oci.cjs' });
    using root = makeBusyboxRootfs();
    docker = new Docker({ shown: NODE === '/usr' ? [] : [NODE], runtimes: { [NAME]: runtime } });
    expect(docker.importImage(root.path, 'box').status).toBe(0);
  }, MINUTE);
  afterAll(() => {
    docker?.[Symbol.dispose]();
    if (before === undefined) return;
    rmSync(dirname(runtime), { recursive: true });
    expect(findLeftovers()).toEqual(before);
  }, MINUTE);

  test(
    'runs programs to their end, and tells those that cannot be started from others',
    () => {
      expect(run([], 'sh', '-c', 'echo hello; exit 7')).toEqual({ status: 7, said: 'hello\n' });
      expect(run(['-t'], 'sh', '-c', 'tty')).toEqual({ status: 0, said: '/dev/pts/0\r\n' });
      expect(run([], 'nothing').status).toBe(127);
      expect(run([], '/etc').status).toBe(126);
      // Docker puts its init below /sbin, which in the other image is a link into what the host shows.
      const withInit = ['--rm', '--runtime', NAME, '--network', 'none', '--init', 'box'];
      expect(engine().call('run', ...withInit, 'sh', '-c', 'cat /proc/1/comm; exit 3')).toEqual({
        status: 3,
        said: expect.stringMatching(/^(docker-init|tini)\n$/),
      });
      expect(run(['--read-only'], 'touch', '/file')).toMatchObject({
        status: 1,
        said: expect.stringContaining('Read-only file system'),
      });
    },
    2 * MINUTE,
  );

  test(
    'keeps one in the background within its limits, enters, pauses, measures, changes and stops it',
    async () => {
      const call = (...words: string[]): Said => engine().call(...words);
      const inspect = (what: string): string => call('inspect', '--format', `{{${what}}}`, 'box').said.trim();
      const script = 'trap "exit 5" TERM; echo begun; while :; do sleep 0.1; done';
      const options = ['--runtime', NAME, '--name', 'box', '--memory', '64m', '--pids-limit', '50', '--cpus', '0.5'];
      try {
        expect(call('run', '-d', ...engine().container(options, ['sh', '-c', script])).status).toBe(0);
        expect(inspect('.HostConfig.Runtime')).toBe(NAME);
        await until('it has begun', () => call('logs', 'box').said === 'begun\n');
        expect(call('exec', 'box', 'sh', '-c', 'echo inside; exit 9')).toEqual({ status: 9, said: 'inside\n' });
        const limits =
          'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max memory.max pids.max 2>/dev/null; true';
        expect(call('exec', 'box', 'sh', '-c', limits).said).toBe('67108864\n50\n');
        expect(call('stats', '--no-stream', '--format', '{{.MemUsage}}', 'box').said).toContain('/ 64MiB');
        expect(call('top', 'box').said).toContain('while :');
        expect(call('update', '--memory', '80m', '--memory-swap', '160m', 'box').status).toBe(0);
        expect(call('exec', 'box', 'sh', '-c', limits).said).toBe('83886080\n50\n');
        expect(call('pause', 'box').status).toBe(0);
        expect(inspect('.State.Status')).toBe('paused');
        expect(call('unpause', 'box').status).toBe(0);
        expect(call('stop', 'box').status).toBe(0);
        expect(`${inspect('.State.Status')} ${inspect('.State.ExitCode')}`).toBe('exited 5');
        expect(call('rm', 'box').status).toBe(0);
      } finally {
        call('rm', '--force', 'box');
      }
    },
    2 * MINUTE,
  );
});
