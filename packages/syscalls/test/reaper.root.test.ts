import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  Agent,
  Channel,
  CLONE,
  CLOSE_RANGE,
  clone3,
  closeFd,
  closeRange,
  dup3,
  execve,
  flags,
  OPEN,
  output,
  P,
  type ProcessEnd,
  pidfdOpen,
  pidfdSendSignal,
  pipe,
  readSiginfo,
  resultOf,
  SIG,
  SIGINFO_LENGTH,
  type Step,
  signalSet,
  socketPair,
  step,
  WAIT,
} from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';

const SIGHUP = 1;
const SIGTERM = 15;
const MINUTE = 60_000;

/** An agent that is process 1 of a PID namespace and reaps for its child, a shell with this script. */
interface Init extends Disposable {
  pid: number;
  /** Lines the shell wrote. */
  lines: AsyncIterator<string>;
  /** How process 1 ended. */
  end(): Promise<ProcessEnd>;
}

async function startInit(script: string): Promise<Init> {
  const [ours, theirs] = socketPair();
  const [reader, writer] = pipe();
  const agent = Agent.spawn({ stdio: [0, writer, 2], fds: [theirs] });
  closeFd(theirs);
  closeFd(writer);
  const init = new Channel(ours);
  const why = 'have a process 1';
  const born = await agent.channel.run({
    steps: [
      clone3({ flags: flags(CLONE, 'CLONE_NEWPID') }, { why, result: 'init' }),
      dup3({ from: 4, to: 3, flags: flags(OPEN, 'O_CLOEXEC') }, { why, only: 'child' }),
      closeRange({ first: 4 }, why),
      step('close', [1], { why, only: 'parent' }),
    ],
  });
  born.throwIfFailed();
  const mask = (signals: number[] | 'all'): Step =>
    step('rt_sigprocmask', [flags(SIG, 'SIG_SETMASK'), signalSet(signals), null, 8], why);
  init.post({
    steps: [
      mask('all'),
      clone3({ flags: 0 }, { why, result: 'shell' }),
      { ...mask([]), only: 'child' },
      closeRange({ first: 3, flags: flags(CLOSE_RANGE, 'CLOSE_RANGE_CLOEXEC') }, { why, only: 'child' }),
      execve({ path: '/bin/sh', argv: ['sh', '-c', script], env: ['PATH=/usr/bin:/bin'] }, { why, only: 'child' }),
      closeRange({ first: 0 }, { why, only: 'parent' }),
      step('reap_children', [resultOf('shell')], { why, only: 'parent' }),
    ],
  });
  const pid = born.result('init') ?? 0;
  return {
    pid,
    lines: createInterface({ input: createReadStream('', { fd: reader }) })[Symbol.asyncIterator](),
    end: async () => {
      const id = [P.P_PID, pid, output('end', SIGINFO_LENGTH), flags(WAIT, 'WEXITED'), null];
      const outcome = await agent.channel.run({ steps: [step('waitid', id, 'wait for it')] });
      outcome.throwIfFailed();
      return readSiginfo(outcome.output('end'));
    },
    [Symbol.dispose]: () => {
      init.close();
      agent.close();
    },
  };
}

const testAsRoot = needs.test(needs.root);
const next = async ({ lines }: Init): Promise<unknown> => (await lines.next()).value;

testAsRoot(
  'process 1 ends with the status of its child',
  async () => {
    using init = await startInit('exit 42');
    expect(await init.end()).toEqual({ pid: init.pid, exitCode: 42 });
  },
  MINUTE,
);

testAsRoot(
  'process 1 ends with 128 and the number of the signal that ended its child',
  async () => {
    using init = await startInit('kill -9 $$');
    expect(await init.end()).toEqual({ pid: init.pid, exitCode: 137 });
  },
  MINUTE,
);

testAsRoot(
  'orphans are buried: their pids are free again',
  async () => {
    // The inner shell ends at once and leaves the orphan, which can be signalled, be it a zombie, until it is buried.
    using init = await startInit(
      'for i in 1 2 3; do orphan=$(sh -c "true & echo \\$!"); while kill -0 $orphan 2> /dev/null; do :; done; done; echo buried',
    );
    expect(await next(init)).toBe('buried');
    expect(await init.end()).toEqual({ pid: init.pid, exitCode: 0 });
  },
  MINUTE,
);

testAsRoot(
  'signals to process 1 reach its child, which may answer as it likes',
  async () => {
    using init = await startInit(
      'trap "echo hung up" HUP; trap "echo told to end; exit 3" TERM; echo ready; while :; do sleep 60 & wait $!; done',
    );
    expect(await next(init)).toBe('ready');
    const pidfd = pidfdOpen(init.pid);
    pidfdSendSignal(pidfd, SIGHUP);
    expect(await next(init)).toBe('hung up');
    pidfdSendSignal(pidfd, SIGTERM);
    expect(await next(init)).toBe('told to end');
    closeFd(pidfd);
    expect(await init.end()).toEqual({ pid: init.pid, exitCode: 3 });
  },
  MINUTE,
);

testAsRoot(
  'a child that does not answer to a signal is ended by it, and all of the namespace with it',
  async () => {
    using init = await startInit('sleep 600 & echo $(readlink /proc/self/ns/pid); wait');
    await next(init);
    const children = readFileSync(`/proc/${init.pid}/task/${init.pid}/children`, 'utf8').trim();
    expect(children).toMatch(/^\d+$/);
    const pidfd = pidfdOpen(init.pid);
    pidfdSendSignal(pidfd, SIGTERM);
    expect(await init.end()).toEqual({ pid: init.pid, exitCode: 128 + SIGTERM });
    expect(() => readFileSync(`/proc/${children}/stat`)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    closeFd(pidfd);
  },
  MINUTE,
);
