import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import {
  clone3,
  closeFd,
  execve,
  libc,
  messageFor,
  Nursery,
  output,
  P,
  pidfdOpen,
  pipe,
  type RunningAgent,
  readSiginfo,
  reap,
  SIGINFO_LENGTH,
  type Step,
  step,
  syscallNumber,
  WAIT,
} from '@coracle/syscalls';
import { expect, test } from '@jest/globals';

const getpid: Step = step('getpid', [], { why: 'learn the process id', result: 'pid' });

async function pidOf(agent: RunningAgent): Promise<number> {
  return (await agent.channel.run({ steps: [getpid] })).result('pid') ?? 0;
}

function send(pid: number, signal: number): void {
  process.kill(pid, signal);
}

/** What a process has open, by number; its socket's name is only a number of the kernel's. */
function openFiles(pid: number): Record<string, string> {
  const names = readdirSync(`/proc/${pid}/fd`);
  return Object.fromEntries(names.map((fd) => [fd, readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/\[\d+\]/, '')]));
}

test('a child has its input, outputs, socket and further descriptors where an agent has them', async () => {
  using nursery = Nursery.open();
  const zero = openSync('/dev/zero', 'r');
  const full = openSync('/dev/full', 'r+');
  const [readEnd, writeEnd] = pipe();
  const agent = nursery.bear({ stdio: [zero, writeEnd, full], fds: [zero, full] });
  try {
    const pid = await pidOf(agent);
    expect(openFiles(pid)).toEqual({
      0: '/dev/zero',
      1: 'pipe:',
      2: '/dev/full',
      3: 'socket:',
      4: '/dev/zero',
      5: '/dev/full',
    });
  } finally {
    agent.close();
    for (const fd of [zero, full, readEnd, writeEnd]) closeSync(fd);
  }
});

test('the nursery itself holds nothing but its socket, before a birth and after it', async () => {
  using nursery = Nursery.open();
  const agent = nursery.bear();
  await pidOf(agent);
  expect(openFiles(nursery.pid)).toEqual({ 3: 'socket:' });
  agent.close();
});

test('many children of one nursery answer each on its own channel', async () => {
  using nursery = Nursery.open();
  const agents = Array.from({ length: 50 }, () => nursery.bear());
  const pids = await Promise.all(agents.map(pidOf));
  expect(new Set(pids).size).toBe(50);
  for (const agent of agents) agent.close();
});

test('a child is the leader of its own session', async () => {
  using nursery = Nursery.open();
  const agent = nursery.bear();
  const pid = await pidOf(agent);
  const session = step('getsid', [0], { why: 'learn the session', result: 'session' });
  expect((await agent.channel.run({ steps: [session] })).result('session')).toBe(pid);
  agent.close();
});

test('a child that is closed is gone, and nobody has to bury it', async () => {
  using nursery = Nursery.open();
  const agent = nursery.bear();
  const pid = await pidOf(agent);
  const pidfd = pidfdOpen(pid);
  agent.close();
  const { arch, syscall } = libc();
  const wait = syscallNumber('pidfd_send_signal', arch) ?? -1;
  // Its socket is closed a moment before its end is complete.
  while (syscall(wait, pidfd, 0, 0, 0) === 0) await new Promise(setImmediate);
  expect(childrenOf(nursery.pid)).not.toContain(pid);
  closeFd(pidfd);
});

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number);
}

test('a child learns how its own children ended', async () => {
  using nursery = Nursery.open();
  const agent = nursery.bear();
  const outcome = await agent.channel.run({
    steps: [
      clone3({ flags: 0 }, { why: 'have a child', result: 'child' }),
      step('exit_group', [7], { why: 'end', only: 'child' }),
      step('waitid', [P.P_ALL, 0, output('end', SIGINFO_LENGTH), WAIT.WEXITED, null], 'wait for it'),
    ],
  });
  expect(readSiginfo(outcome.output('end'))).toMatchObject({ exitCode: 7 });
  agent.close();
});

test('ps shows each child by its own title, as far as there is room', async () => {
  using nursery = Nursery.open();
  const titles = ['first', 'x'.repeat(100)];
  const agents = titles.map((title) => nursery.bear({ title }));
  const pids = await Promise.all(agents.map(pidOf));
  const shown = pids.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ''));
  expect(shown).toEqual(['first', 'x'.repeat(63)]);
  expect(readFileSync(`/proc/${nursery.pid}/cmdline`, 'latin1').trim()).toMatch(/^coracle: nursery/);
  for (const agent of agents) agent.close();
});

test('a channel has news from when a report, or the end, has come until it is read', async () => {
  using nursery = Nursery.open();
  const agent = nursery.bear();
  await pidOf(agent);
  expect(agent.channel.hasNews()).toBe(false);
  const message = agent.channel.post({ steps: [getpid] });
  while (!agent.channel.hasNews()) await new Promise(setImmediate);
  await agent.channel.report(message);
  expect(agent.channel.hasNews()).toBe(false);
  agent.channel.finish();
  while (!agent.channel.hasNews()) await new Promise(setImmediate);
  expect(await agent.channel.report(message)).toBeUndefined();
  agent.close();
});

test('a child outlives its nursery', async () => {
  const nursery = Nursery.open();
  const agent = nursery.bear();
  const pid = await pidOf(agent);
  nursery.close();
  expect(await pidOf(agent)).toBe(pid);
  agent.close();
});

test('a child that executes a program gives it its input and output', async () => {
  using nursery = Nursery.open();
  const [readEnd, writeEnd] = pipe();
  const agent = nursery.bear({ stdio: [0, writeEnd, writeEnd] });
  closeFd(writeEnd);
  const program = execve({ path: '/bin/echo', argv: ['echo', 'hello'], env: [] }, 'say hello');
  expect(await agent.channel.report(agent.channel.post({ steps: [program] }))).toBeUndefined();
  const bytes = Buffer.alloc(16);
  expect(bytes.toString('utf8', 0, readSync(readEnd, bytes))).toBe('hello\n');
  closeFd(readEnd);
});

test('a descriptor that is not open is refused with EBADF', () => {
  using nursery = Nursery.open();
  expect(() => nursery.bear({ stdio: [0, 1, 99_999] })).toThrow(expect.objectContaining({ code: 'EBADF' }));
});

test('one more child than was asked for is there already, and is the next', async () => {
  using nursery = Nursery.open();
  const first = nursery.bear();
  const inStore = await spareOf(nursery, [await pidOf(first)]);
  const second = nursery.bear({ title: 'second' });
  expect(await pidOf(second)).toBe(inStore);
  first.close();
  second.close();
});

test('the child in store ends with the nursery, also when that is only closed', async () => {
  const nursery = Nursery.open();
  const first = nursery.bear();
  const pidfd = pidfdOpen(await spareOf(nursery, [await pidOf(first)]));
  nursery.close();
  first.close();
  const { arch, syscall } = libc();
  while (syscall(syscallNumber('pidfd_send_signal', arch) ?? -1, pidfd, 0, 0, 0) === 0) await new Promise(setImmediate);
  closeFd(pidfd);
});

test('a child in store that somebody killed is not missed', async () => {
  using nursery = Nursery.open();
  const first = nursery.bear();
  const spare = await spareOf(nursery, [await pidOf(first)]);
  send(spare, 9);
  while (childrenOf(nursery.pid).includes(spare)) await new Promise(setImmediate);
  const second = nursery.bear();
  expect(await pidOf(second)).not.toBe(spare);
  first.close();
  second.close();
});

/** The child that nobody has asked for yet. */
async function spareOf(nursery: Nursery, asked: readonly number[]): Promise<number> {
  for (;;) {
    const [spare] = childrenOf(nursery.pid).filter((pid) => !asked.includes(pid));
    if (spare !== undefined) return spare;
    await new Promise(setImmediate);
  }
}

test('a nursery that somebody killed refuses with EPIPE, once it has nobody in store', async () => {
  const nursery = Nursery.open();
  await spareOf(nursery, [await pidOf(nursery.bear())]);
  send(nursery.pid, 9);
  reap(nursery.pid);
  await pidOf(nursery.bear());
  expect(() => nursery.bear()).toThrow(expect.objectContaining({ code: 'EPIPE' }));
});

test('a birth that the kernel refuses is the reason for the end of the channel', async () => {
  using nursery = Nursery.open();
  limitDescriptors(nursery.pid, 0n);
  const agent = nursery.bear();
  const later = nursery.bear();
  expect(await agent.channel.report(messageFor({ steps: [getpid] }))).toBeUndefined();
  later.close();
  expect(await agent.whyGone()).toMatchObject({ code: 'EBADF', syscall: 'fcntl' });
  agent.close();
});

test('a child without room for what it is given runs no program', async () => {
  using nursery = Nursery.open();
  limitDescriptors(nursery.pid, 6n);
  const agent = nursery.bear({ fds: [0, 0, 0, 0] });
  expect(await agent.channel.report(agent.channel.post({ steps: [getpid] }))).toBeUndefined();
  expect(await agent.whyGone()).toMatchObject({ code: 'EMFILE', syscall: 'recvmsg' });
  agent.close();
});

/** Leaves a process little room for further descriptors, or none. */
function limitDescriptors(pid: number, most: bigint): void {
  const { arch, addressOf, syscall } = libc();
  const limit = new Uint8Array(new BigUint64Array([most, most]).buffer);
  const RLIMIT_NOFILE = 7;
  expect(syscall(syscallNumber('prlimit64', arch) ?? -1, pid, RLIMIT_NOFILE, addressOf(limit), 0)).toBe(0);
}
