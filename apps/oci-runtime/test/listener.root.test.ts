import type { Config } from '@coracle/oci-spec';
import { needs, type SeccompAgent, type SentToAgent, startSeccompAgent } from '@coracle/test-support';
import { beforeAll, expect } from '@jest/globals';
import { Bundle, builtRuntime, Runtime } from './runtime.ts';

const SLEEP = ['sleep', '1000'];
let ours: string;
beforeAll(() => {
  ours = builtRuntime();
}, 60_000);

const asking =
  ({ path }: SeccompAgent, ...further: string[]) =>
  (config: Config): Config => ({
    ...config,
    linux: {
      ...config.linux,
      seccomp: {
        defaultAction: 'SCMP_ACT_ALLOW',
        listenerPath: path,
        listenerMetadata: 'of the owner',
        syscalls: [{ names: ['mkdir', 'mkdirat', ...further], action: 'SCMP_ACT_NOTIFY' }],
      },
    },
  });

/** A container that was started, then a program that entered it: what the agent was told of each, and what the program said. */
async function story(program: string): Promise<{ told: unknown[]; status: number | null; error: string }> {
  await using agent = await startSeccompAgent('lax');
  using bundle = new Bundle();
  using runtime = new Runtime(program);
  bundle.configure(SLEEP, asking(agent));
  expect(runtime.call(['run', '--detach', '--bundle', bundle.path, 'box']).error).toBe('');
  const first = await agent.sent();
  const pid = runtime.stateOf('box')?.['pid'];
  const ended = runtime.begin(['exec', 'box', 'busybox', 'mkdir', '/tmp/new']);
  const second = await agent.sent();
  const status = await ended;
  const { error } = runtime.call(['exec', 'box', 'busybox', 'mkdir', '/tmp/new']);
  return { told: [plain(first, pid), plain(second, pid)], status, error };
}

/** Without what differs from container to container: who a pid is of. */
function plain({ state, fds }: SentToAgent, init: unknown): unknown {
  const whose = (pid: unknown): string => (pid === init ? 'the first' : typeof pid);
  const { pid, state: container, ociVersion: _, ...rest } = state;
  const { id, status, pid: ofContainer } = Object(container);
  return { ...rest, fds, pid: whose(pid), container: { id, status, pid: whose(ofContainer) } };
}

needs.test(needs.root, needs.program('busybox'), needs.program('python3'))(
  'a further program is told to who answers system calls, and its calls are answered',
  async () => {
    const { told, status, error } = await story(ours);
    const container = { id: 'box', status: 'running', pid: 'the first' };
    const about = { fds: ['anon_inode:seccomp notify'], metadata: 'of the owner' };
    expect(told).toEqual([
      { ...about, pid: 'the first', container: expect.anything() },
      { ...about, pid: 'number', container },
    ]);
    expect(status).toBe(1);
    expect(error).toMatch(/Read-only file system/);
  },
  60_000,
);

needs.test(
  needs.root,
  needs.program('busybox'),
  needs.program('python3'),
  needs.program('runc'),
)(
  'the same is told by runc',
  async () => {
    const [mine, theirs] = [await story(ours), await story('runc')];
    expect(mine.told[1]).toEqual(theirs.told[1]);
    expect([mine.status, mine.error]).toEqual([theirs.status, theirs.error]);
  },
  60_000,
);

needs.test(needs.root, needs.program('busybox'), needs.program('python3'))(
  'when who answers is gone, no further program begins, and nobody waits',
  async () => {
    const agent = await startSeccompAgent('lax');
    using bundle = new Bundle();
    using runtime = new Runtime(ours);
    bundle.configure(SLEEP, asking(agent));
    runtime.call(['run', '--detach', '--bundle', bundle.path, 'box']);
    await agent[Symbol.asyncDispose]();
    const { status, error } = runtime.call(['exec', 'box', 'true']);
    expect(status).toBe(255);
    expect(error).toContain('reach the program that answers');
  },
  60_000,
);

needs.test(needs.root, needs.program('busybox'), needs.program('python3'))(
  'a start that is asked about is made when it is answered',
  async () => {
    await using agent = await startSeccompAgent('lax');
    using bundle = new Bundle();
    using runtime = new Runtime(ours);
    bundle.configure(['sh', '-c', 'busybox mkdir /tmp/new; echo started'], asking(agent, 'execve'));
    const { out, error } = runtime.call(['run', '--bundle', bundle.path, 'box']);
    expect(out).toBe('started\n');
    expect(error).toMatch(/Read-only file system/);
  },
  60_000,
);
