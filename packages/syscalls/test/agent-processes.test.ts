import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  Agent,
  agentImage,
  Channel,
  ChannelClosedError,
  CLOSE_RANGE,
  clone3,
  closeFd,
  closeRange,
  dup3,
  execve,
  F,
  flags,
  libc,
  MSG,
  output,
  P,
  type Program,
  pidfdOpen,
  pipe,
  REPORT,
  REPORT_LENGTH,
  RUSAGE_LENGTH,
  readRusage,
  readSiginfo,
  resultOf,
  SEAL,
  SIGINFO_LENGTH,
  type Step,
  socketPair,
  step,
  syscallNumber,
  WAIT,
} from '@coracle/syscalls';
import { afterAll, describe, expect, test } from '@jest/globals';

const directory = mkdtempSync(join(tmpdir(), 'coracle-agents-'));
afterAll(() => rmSync(directory, { recursive: true }));

const readdirOf = (path: string): string[] => readdirSync(path).sort();
const getpid = (result: string): Step => step('getpid', [], { why: 'learn the process id', result });
const exit = (status: number): Step => step('exit_group', [status], { why: 'end', only: 'child' });
const wait = (pid: Step['args'][number]): Step =>
  step(
    'waitid',
    [P.P_PID, pid, output('end', SIGINFO_LENGTH), flags(WAIT, 'WEXITED'), output('usage', RUSAGE_LENGTH)],
    { why: 'wait for the child', only: 'parent' },
  );
const fork = clone3({ flags: 0 }, { why: 'have a child', result: 'child' });

describe('after a clone3', () => {
  test('each process takes its own steps, and both those of both', async () => {
    using agent = Agent.spawn();
    const outcome = await agent.channel.run({
      steps: [
        fork,
        getpid('who'),
        step('kill', [0, 0], { why: 'be skipped by the parent', only: 'child', tolerate: 'any' }),
        exit(7),
        wait(resultOf('child')),
      ],
    });
    outcome.throwIfFailed();
    const child = outcome.result('child') ?? 0;
    expect(outcome.results).toEqual([child, agent.pid, undefined, undefined, 0]);
    expect(readSiginfo(outcome.output('end'))).toEqual({ pid: child, exitCode: 7 });
  });

  test('a child that a signal ends is told from one that ends itself, and measured', async () => {
    using agent = Agent.spawn();
    const outcome = await agent.channel.run({
      steps: [
        fork,
        { ...getpid('self'), only: 'child' },
        step('kill', [resultOf('self'), 9], { why: 'be killed', only: 'child' }),
        wait(resultOf('child')),
      ],
    });
    expect(readSiginfo(outcome.output('end'))).toEqual({ pid: outcome.result('child'), signal: 9 });
    expect(readRusage(outcome.output('usage')).cpuUsec).toBeLessThan(1_000_000n);
  });

  test('the child can listen on a socket of its own and outlive the program', async () => {
    const [ours, theirs] = socketPair();
    using agent = Agent.spawn({ fds: [theirs] });
    closeFd(theirs);
    const child = new Channel(ours);
    const steps = [fork, dup3({ from: 4, to: 3 }, { why: 'take its own socket', only: 'child' })];
    const message = agent.channel.post({ steps });
    const born = await agent.channel.report(message);
    expect((await child.report(message))?.results).toEqual([0, 3]);
    expect((await child.run({ steps: [getpid('pid')] })).result('pid')).toBe(born?.result('child'));
    expect((await agent.channel.run({ steps: [getpid('pid')] })).result('pid')).toBe(agent.pid);
    await agent.channel.run({ steps: [step('close', [4], 'let go of the socket')] });
    child.close();
    const buried = await agent.channel.run({ steps: [wait(born?.result('child') ?? 0)] });
    expect(readSiginfo(buried.output('end'))).toEqual({ pid: born?.result('child'), exitCode: 0 });
  });
});

test('a program can report midway and go on', async () => {
  const [reader, writer] = pipe();
  using agent = Agent.spawn({ fds: [reader] });
  closeFd(reader);
  const message = agent.channel.post({
    steps: [
      getpid('pid'),
      step('sendto', [3, REPORT, REPORT_LENGTH, flags(MSG, 'MSG_NOSIGNAL'), null, 0], 'report'),
      step('read', [4, output('byte', 1), 1], { why: 'wait for us', result: 'read' }),
    ],
  });
  const midway = await agent.channel.report(message);
  expect(midway?.results).toEqual([agent.pid, undefined, undefined]);
  closeFd(writer);
  const end = await agent.channel.report(message);
  expect(end?.results).toEqual([agent.pid, message.report.length, 0]);
});

describe('a channel', () => {
  test('answers programs sent at once in their order', async () => {
    using agent = Agent.spawn();
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const outcomes = await Promise.all(
      numbers.map((number) =>
        agent.channel.run({ steps: [step('umask', [number], { why: 'count', result: 'before' })] }),
      ),
    );
    expect(outcomes.slice(1).map((outcome) => outcome.result('before'))).toEqual(numbers.slice(0, -1));
  });

  test('that is closed lets go of whoever waits, and takes nothing more', async () => {
    const [ours, theirs] = socketPair();
    const channel = new Channel(ours);
    const answers = [1, 2].map(() => channel.run({ steps: [] as Step[] }));
    const never = [1, 2].map(() => channel.run({ steps: [getpid('pid')] }));
    await Promise.all(answers);
    channel.close();
    for (const answer of never) await expect(answer).rejects.toThrow(ChannelClosedError);
    channel.close();
    expect(() => channel.post({ steps: [] })).toThrow(expect.objectContaining({ code: 'EPIPE' }));
    closeFd(theirs);
  });

  test('to an agent that was killed says so', async () => {
    using agent = Agent.spawn();
    const program: Program = { steps: [getpid('pid'), step('kill', [resultOf('pid'), 9], 'be killed')] };
    await expect(agent.channel.run(program)).rejects.toThrow(
      expect.objectContaining({ name: 'ChannelClosedError', code: 'ERR_CORACLE_AGENT_GONE' }),
    );
    expect(() => agent.channel.post(program)).toThrow(expect.objectContaining({ code: 'EPIPE' }));
  });
});

describe('execve', () => {
  /** Runs a program in an agent whose output is a pipe. */
  async function outputOf(argv: readonly string[], env: readonly string[] = []): Promise<string> {
    const [reader, writer] = pipe();
    using agent = Agent.spawn({ stdio: [0, writer, 2] });
    closeFd(writer);
    const message = agent.channel.post({
      steps: [
        closeRange({ first: 3, flags: flags(CLOSE_RANGE, 'CLOSE_RANGE_CLOEXEC') }, 'keep nothing else'),
        execve({ path: '/bin/sh', argv, env }, 'become a shell'),
      ],
    });
    const written = text(createReadStream('', { fd: reader }));
    expect(await agent.channel.report(message)).toBeUndefined();
    return written;
  }

  test('leaves nothing of the agent: neither socket nor environment nor blocked or ignored signals', async () => {
    const script = 'ls /proc/self/fd | wc -l; grep -E "^Sig(Blk|Ign)" /proc/self/status; echo $TOLD';
    // ls has its own descriptor of the directory beside 0, 1 and 2.
    expect(await outputOf(['sh', '-c', script], ['TOLD=yes', 'PATH=/usr/bin:/bin'])).toBe(
      '4\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nyes\n',
    );
  });

  test('carries a mebibyte of arguments to the last letter', async () => {
    const words = Array.from({ length: 16 }, (_, index) => String.fromCharCode(97 + index).repeat(65_536));
    const script = 'printf %s "$*" | wc -c; shift 15; printf %s "$1" | tail -c 3';
    expect(await outputOf(['sh', '-c', script, 'sh', ...words], ['PATH=/usr/bin:/bin'])).toBe(
      `${16 * 65_536 + 15}\nppp`,
    );
  });

  test.each<[string, string, number]>([
    ['a file that is no program is ENOEXEC', 'no-program', -8],
    ['a file nobody may execute is EACCES, for root too', 'not-executable', -13],
    ['no file is ENOENT', 'gone', -2],
    ['a directory is EACCES', '.', -13],
  ])('%s', async (_, name, errno) => {
    writeFileSync(join(directory, 'no-program'), 'neither ELF nor script', { mode: 0o755 });
    writeFileSync(join(directory, 'not-executable'), '#!/bin/sh\n', { mode: 0o644 });
    using agent = Agent.spawn();
    const outcome = await agent.channel.run({
      steps: [execve({ path: join(directory, name), argv: ['x'], env: [] }, 'start it'), getpid('pid')],
    });
    expect(outcome.results).toEqual([errno, undefined]);
  });

  test('more arguments than the kernel takes are E2BIG, and the agent is as good as before', async () => {
    using agent = Agent.spawn();
    const argv = Array.from({ length: 56 }, (_, index) => String(index).padEnd(65_000, 'x'));
    const outcome = await agent.channel.run({ steps: [execve({ path: '/bin/true', argv, env: [] }, 'start it')] });
    expect(outcome.failure?.errno).toBe(-7);
    expect((await agent.channel.run({ steps: [getpid('pid')] })).result('pid')).toBe(agent.pid);
  });
});

describe('descriptors', () => {
  /** What stands behind the descriptors of an agent, from 0. */
  const behind = (agent: Agent, count: number): number[] =>
    Array.from({ length: count }, (_, fd) => statSync(`/proc/${agent.pid}/fd/${fd}`).ino);
  const files = [0, 1, 2, 3, 4].map((index) => {
    const path = join(directory, `file${index}`);
    writeFileSync(path, '');
    return path;
  });

  test.each([
    ['as many as theirs own numbers', 50],
    ['more than the number of the image', 150],
  ])('go where they belong even when sources are targets: %s', async (_, count) => {
    const opened = files.map((path) => openSync(path, 'r'));
    expect(Math.max(...opened)).toBeLessThan(count);
    // Each of our descriptors is the target of another one.
    const sources = Array.from({ length: count }, (_, index) => opened[(index * 7 + 3) % 5] ?? -1);
    const [input = -1, out = -1, error = -1, , ...fds] = sources;
    {
      using agent = Agent.spawn({ stdio: [input, out, error], fds });
      const expected = sources.map((fd) => fstatSync(fd).ino);
      const found = behind(agent, count);
      expect(found.toSpliced(3, 1)).toEqual(expected.toSpliced(3, 1));
      expect((await agent.channel.run({ steps: [getpid('pid')] })).result('pid')).toBe(agent.pid);
    }
    for (const fd of opened) closeSync(fd);
  });

  test('can be swapped', () => {
    using agent = Agent.spawn({ stdio: [2, 0, 1] });
    expect(behind(agent, 3)).toEqual([2, 0, 1].map((fd) => fstatSync(fd).ino));
  });

  test('that are not open are EBADF, and nothing is left over', () => {
    const count = (): string[] => readdirOf('/proc/self/fd');
    const before = count();
    const EBADF = expect.objectContaining({ code: 'EBADF' });
    expect(() => Agent.spawn({ fds: [9999] })).toThrow(EBADF);
    expect(() => Agent.spawn({ stdio: [-1, 1, 2] })).toThrow(EBADF);
    expect(() => Agent.spawn({ fds: [1_000_000] })).toThrow(EBADF);
    // Copies that were made before the one that failed.
    expect(() => Agent.spawn({ stdio: [1, 0, 2], fds: Array.from({ length: 2000 }, () => 1999) })).toThrow(EBADF);
    expect(count().filter((fd) => !before.includes(fd))).toEqual([]);
  });

  test('do not leak over a thousand agents', () => {
    using first = Agent.spawn();
    expect(first.pid).toBeGreaterThan(1);
    const before = readdirOf('/proc/self/fd');
    for (let index = 0; index < 1000; index++) Agent.spawn().close();
    expect(readdirOf('/proc/self/fd').filter((fd) => !before.includes(fd))).toEqual([]);
  }, 60_000);
});

describe('many agents', () => {
  test('live side by side and know themselves', async () => {
    const agents = Array.from({ length: 100 }, () => Agent.spawn());
    const outcomes = await Promise.all(agents.map((agent) => agent.channel.run({ steps: [getpid('pid')] })));
    expect(outcomes.map((outcome) => outcome.result('pid'))).toEqual(agents.map(({ pid }) => pid));
    for (const agent of agents) agent.close();
    expect(agents.filter(({ pid }) => existsSync(`/proc/${pid}`))).toEqual([]);
  });

  test('take a few pages each', () => {
    using agent = Agent.spawn();
    const rollup = readFileSync(`/proc/${agent.pid}/smaps_rollup`, 'utf8');
    const pss = Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]);
    expect(pss).toBeGreaterThan(0);
    expect(pss).toBeLessThanOrEqual(64);
  });
});

test('an agent sits in its own session, under the name it was given', async () => {
  using agent = Agent.spawn({ title: 'coracle-test-title' });
  await agent.channel.run({ steps: [step('getpid', [], 'be there')] }); // the kernel has no arguments of it before
  expect(readFileSync(`/proc/${agent.pid}/cmdline`, 'latin1')).toBe('coracle-test-title\0');
  const fields = readFileSync(`/proc/${agent.pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  expect(fields[3]).toBe(String(agent.pid));
});

test('an agent ends when the process that started it lets go of the socket', async () => {
  const agent = Agent.spawn();
  const pidfd = pidfdOpen(agent.pid);
  const gone = new Promise<void>((resolve) => {
    const stop = libc().onReadable(pidfd, () => {
      stop();
      resolve();
    });
  });
  agent.channel.close();
  await gone;
  agent.close();
  closeFd(pidfd);
  expect(existsSync(`/proc/${agent.pid}`)).toBe(false);
});

test('the image is sealed: nobody can write, shrink or grow it, or lift the seals', () => {
  const { fd, kind } = agentImage();
  expect(kind).toBe('memfd');
  const { syscall, arch } = libc();
  const seals = syscall(syscallNumber('fcntl', arch) ?? -1, fd, F.F_GET_SEALS);
  const all = SEAL.F_SEAL_SEAL | SEAL.F_SEAL_SHRINK | SEAL.F_SEAL_GROW | SEAL.F_SEAL_WRITE;
  expect(seals & all).toBe(all);
  expect(syscall(syscallNumber('fcntl', arch) ?? -1, fd, F.F_ADD_SEALS, 0)).toBe(-1);
  expect(() => writeFileSync(`/proc/self/fd/${fd}`, 'x', { flag: 'r+' })).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^(EPERM|ETXTBSY)$/) }),
  );
  expect(agentImage().fd).toBe(fd);
});
