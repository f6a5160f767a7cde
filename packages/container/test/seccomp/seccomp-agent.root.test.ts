import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultConfig, type Seccomp } from '@coracle/oci-spec';
import {
  makeBusyboxRootfs,
  needs,
  PLAIN_USER,
  type SeccompAgent,
  type SentToAgent,
  startSeccompAgent,
} from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { Container, run } from '../../src/index.ts';
import { runInRunc } from '../escapes/support/in-runc.ts';
import { startWorker } from '../escapes/support/ways.ts';

const testWithPython = needs.test(needs.program('python3'));
const testAsBoth = needs.test(needs.root, needs.program('python3'));
const testWithRunc = needs.test(needs.root, needs.program('python3'), needs.program('runc'));

const profileWith = (fields: Record<string, string>): Seccomp => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_NOTIFY' }],
  ...fields,
});
const withAgent = ({ path }: SeccompAgent, fields: Record<string, string> = {}): { security: { seccomp: object } } => ({
  security: { seccomp: profileWith({ listenerPath: path, ...fields }) },
});

describe('the program that answers system calls (listenerPath)', () => {
  testWithPython('gets the listener and the state of the container, in one message', async () => {
    await using agent = await startSeccompAgent();
    const options = withAgent(agent, { listenerMetadata: 'of the owner' });
    const running = run('mkdir', ['/tmp/new'], options);
    const container = await running.container;
    const { id, pid } = container;
    expect(await agent.sent()).toEqual({
      state: {
        ociVersion: '1.3.0',
        fds: ['seccompFd'],
        pid,
        metadata: 'of the owner',
        state: { ociVersion: '1.3.0', id, status: 'running', pid, bundle: expect.stringMatching(`^/.*/${id}$`) },
      },
      fds: ['anon_inode:seccomp notify'],
      rest: 0,
    });
    expect((await running).stderr).toMatch(/Read-only file system/);
  });

  testAsBoth('answers for the containers of an ordinary user as well', async () => {
    await using agent = await startSeccompAgent();
    using worker = startWorker({ uid: PLAIN_USER, gid: PLAIN_USER });
    const ended = await worker.run(['mkdir', '/tmp/new'], withAgent(agent));
    expect(ended.stderr).toMatch(/Read-only file system/);
    expect(await agent.sent()).toMatchObject({ state: { fds: ['seccompFd'] }, rest: 0 });
  });

  testWithPython('is connected to when a container that waits is started', async () => {
    await using agent = await startSeccompAgent();
    await using box = await Container.create({ command: ['mkdir', '/tmp/new'], ...withAgent(agent) });
    await box.start();
    expect(await agent.sent()).toMatchObject({ state: { pid: box.pid } });
    expect(await box.wait()).toMatchObject({ exitCode: 1 });
  });

  testWithPython('is told of each further program, whose calls it answers too', async () => {
    await using agent = await startSeccompAgent();
    await using box = await Container.run({ command: ['sleep', '60'], ...withAgent(agent) });
    const first = await agent.sent();
    const ended = box.exec(['mkdir', '/tmp/new']);
    const second = await agent.sent();
    expect((await ended).stderr).toMatch(/Read-only file system/);
    expect(second.state).toEqual({ ...first.state, pid: expect.any(Number) });
    expect([box.pid, 0]).not.toContain(second.state['pid']);
    expect(second).toMatchObject({ fds: ['anon_inode:seccomp notify'], rest: 0 });
  });

  testWithPython('that is gone lets no further program begin', async () => {
    const agent = await startSeccompAgent();
    await using box = await Container.run({ command: ['sleep', '60'], ...withAgent(agent) });
    await agent[Symbol.asyncDispose]();
    await expect(box.exec(['true'])).rejects.toMatchObject({ code: 'ENOENT', syscall: 'connect', path: agent.path });
  });

  testWithPython('gets it beside a terminal, which goes to the caller', async () => {
    await using agent = await startSeccompAgent();
    const terminal = { rows: 24, columns: 80 };
    await using box = await Container.run({ command: ['mkdir', '/tmp/new'], terminal, ...withAgent(agent) });
    expect(await agent.sent()).toMatchObject({ fds: ['anon_inode:seccomp notify'] });
    expect(box.takeTerminal()).toEqual(expect.any(Number));
    expect(await box.wait()).toMatchObject({ exitCode: 1 });
  });

  testWithRunc('is told the same by runc, word by word but for what is of the container', async () => {
    const shape = (value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shape(one)]))
        : Array.isArray(value)
          ? value
          : typeof value;
    // runc keeps the connection, against the specification, as long as the container lives.
    const ask = async (start: (agent: SeccompAgent) => unknown): Promise<SentToAgent> => {
      await using agent = await startSeccompAgent('lax');
      const ended = start(agent);
      const sent = await agent.sent();
      await ended;
      return sent;
    };
    const ours = await ask((agent) => run('mkdir', ['/tmp/new'], withAgent(agent, { listenerMetadata: 'text' })));
    const theirs = await ask((agent) => startInRunc(agent));
    expect(shape(ours.state)).toEqual(shape(theirs.state));
    expect([ours.fds, ours.rest]).toEqual([theirs.fds, theirs.rest]);
  });
});

/** Holds this process up until the container has ended; the agent is another. */
function startInRunc(agent: SeccompAgent): void {
  using rootfs = makeBusyboxRootfs();
  const base = defaultConfig({ args: ['true'] });
  const seccomp = profileWith({ listenerPath: agent.path, listenerMetadata: 'text' });
  const config = { ...base, root: { path: rootfs.path }, linux: { ...base.linux, seccomp } };
  runInRunc(config, ['sh', '-c', 'mkdir /tmp/new; true']);
}

describe('a program that does not answer is an error before anything is made, with a remedy:', () => {
  const nowhere = { path: '/no/such/socket' };

  test('nobody has made the socket', async () => {
    const seccomp = profileWith({ listenerPath: nowhere.path });
    await expect(run('true', [], { security: { seccomp } })).rejects.toMatchObject({
      code: 'ENOENT',
      syscall: 'connect',
      path: nowhere.path,
      hint: expect.stringContaining('start that program'),
    });
  });

  test('nobody listens there', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'agent-'));
    const path = join(directory, 'file');
    writeFileSync(path, '');
    const seccomp = profileWith({ listenerPath: path });
    await expect(run('true', [], { security: { seccomp } })).rejects.toMatchObject({ code: 'ECONNREFUSED', path });
    rmSync(directory, { recursive: true });
  });

  test('its path is too long', async () => {
    const seccomp = profileWith({ listenerPath: `/${'x'.repeat(107)}` });
    await expect(run('true', [], { security: { seccomp } })).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
  });

  testWithPython('its socket is of another kind', async () => {
    await using agent = await startSeccompAgent('dgram');
    await expect(run('true', [], withAgent(agent))).rejects.toMatchObject({ code: 'EPROTOTYPE', path: agent.path });
  });

  testWithPython('it accepts nobody, which is not waited for', async () => {
    await using agent = await startSeccompAgent('deaf');
    const attempt = async (): Promise<unknown> =>
      (await Container.run({ command: ['true'], ...withAgent(agent) })).wait();
    // The first to knock stays in the queue, which then is full.
    const errors = (await Promise.allSettled([attempt(), attempt(), attempt()])).filter(
      ({ status }) => status === 'rejected',
    );
    expect(errors.at(-1)).toMatchObject({ reason: { code: 'EAGAIN', path: agent.path } });
  });

  test('and a container that waits does not start', async () => {
    const seccomp = profileWith({ listenerPath: nowhere.path });
    await using box = await Container.create({ command: ['touch', '/tmp/x'], security: { seccomp } });
    await expect(box.start()).rejects.toMatchObject({ code: 'ENOENT', path: nowhere.path });
  });
});

testWithPython('a container whose listener could not be handed over is ended', async () => {
  await using agent = await startSeccompAgent('deaf');
  const options = withAgent(agent, { listenerMetadata: 'x'.repeat(1 << 20) });
  await expect(run('sleep', ['60'], options)).rejects.toMatchObject({ code: expect.stringMatching(/EMSGSIZE|EAGAIN/) });
});

describe('a profile that contradicts itself is refused:', () => {
  test.each<[string, Record<string, string>, boolean, RegExp]>([
    ['metadata for nobody', { listenerMetadata: 'x' }, true, /no listenerPath/],
    ['two listeners', { listenerPath: '/x' }, true, /listener already, at \/x/],
    ['none', {}, false, /there is none/],
  ])('%s', async (_, fields, handles, message) => {
    const onSyscall = handles ? { onSyscall: () => 'continue' as const } : {};
    const running = run('true', [], { security: { seccomp: profileWith(fields) }, ...onSyscall });
    await expect(running).rejects.toMatchObject({ message: expect.stringMatching(message) });
  });

  test('a path without a call to ask about is ignored, as the specification has it', async () => {
    const seccomp = { defaultAction: 'SCMP_ACT_ALLOW', listenerPath: '/no/such/socket' };
    expect(await run('true', [], { security: { seccomp } })).toMatchObject({ exitCode: 0 });
  });
});
