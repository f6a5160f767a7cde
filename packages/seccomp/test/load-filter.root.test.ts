import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Seccomp } from '@coracle/oci-spec';
import { compileProfile, defaultProfile, loadFilter } from '@coracle/seccomp';
import { Agent, closeFd, execve, flags, PR, pipe, prctl, type Step, SyscallError, step } from '@coracle/syscalls';
import { expect, test } from '@jest/globals';

const NO_NEW_PRIVS = prctl(flags(PR, 'PR_SET_NO_NEW_PRIVS'), [1, 0, 0, 0], 'be allowed to load a filter');
const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
/** The errno with which a call ends behind a filter; undefined if it succeeds. */
async function errnoOf(profile: Seccomp, call: Step): Promise<string | undefined> {
  using agent = Agent.spawn({});
  const filter = loadFilter(compileProfile(profile), 'filter system calls');
  (await agent.channel.run({ steps: [NO_NEW_PRIVS, filter] })).throwIfFailed();
  const { failure } = await agent.channel.run({ steps: [call] });
  return failure && new SyscallError(failure.step, failure.errno).code;
}

const named = (call: string, args: Step['args'] = []): Step => step(call as Step['syscall'], args, 'be tried');

test('the kernel takes the filter, and it decides as it did when it was simulated', async () => {
  const profile: Seccomp = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [
      { names: ['gettid'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
      { names: ['getuid'], action: 'SCMP_ACT_ERRNO' },
      { names: ['getpgid'], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 0 }] },
      { names: ['brk'], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, op: 'SCMP_CMP_GE', value: 2 ** 40 }] },
    ],
  };
  expect(await errnoOf(profile, named('getpid'))).toBeUndefined();
  expect(await errnoOf(profile, named('gettid'))).toBe('ENOSYS');
  expect(await errnoOf(profile, named('getuid'))).toBe('EPERM');
  expect(await errnoOf(profile, named('getpgid', [0]))).toBe('EPERM');
  expect(await errnoOf(profile, named('getpgid', [process.pid]))).toBeUndefined();
  expect(await errnoOf(profile, named('brk', [2 ** 40]))).toBe('EPERM');
  expect(await errnoOf(profile, named('brk', [2 ** 40 - 1]))).toBeUndefined();
});

test('without no_new_privs an ordinary user is refused', async () => {
  using agent = Agent.spawn({});
  const leaveRoot = step('setresuid', [65534, 65534, 65534], 'become nobody');
  const steps = process.geteuid?.() === 0 ? [leaveRoot] : [];
  const { failure } = await agent.channel.run({
    steps: [...steps, loadFilter(compileProfile({ defaultAction: 'SCMP_ACT_ALLOW' }), 'filter system calls')],
  });
  expect(failure && new SyscallError(failure.step, failure.errno).message).toMatch(/EACCES.*filter system calls/s);
});

test.each([['sendto'], ['sendto', 'exit_group']])(
  'an agent that cannot answer behind its filter ends: %s',
  async (...names) => {
    using agent = Agent.spawn({});
    const profile: Seccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }] };
    const steps = [NO_NEW_PRIVS, loadFilter(compileProfile(profile), 'filter system calls')];
    await expect(agent.channel.run({ steps })).rejects.toThrow('the agent ended before it had answered');
  },
);

test('upper halves of arguments do not lead around the default profile', async () => {
  const profile = defaultProfile({ arch, capabilities: [], kernel: '6.0' });
  const [AF_UNIX, AF_VSOCK, SOCK_STREAM] = [1, 40, 1];
  expect(await errnoOf(profile, named('socket', [AF_UNIX, SOCK_STREAM, 0]))).toBeUndefined();
  expect(await errnoOf(profile, named('socket', [AF_VSOCK, SOCK_STREAM, 0]))).toBe('EPERM');
  expect(await errnoOf(profile, named('socket', [2 ** 32 + AF_VSOCK, SOCK_STREAM, 0]))).toBe('EPERM');
});

test('ordinary programs run behind the default profile, and see that they do', async () => {
  const profile = defaultProfile({ arch, capabilities: [], kernel: '6.0' });
  const [reader, writer] = pipe();
  try {
    using agent = Agent.spawn({ stdio: [0, writer, writer] });
    closeFd(writer);
    const argv = ['sh', '-c', 'ls -d /; grep Seccomp: /proc/self/status; unshare --user true; true'];
    const start = execve({ path: '/bin/sh', argv, env: ['PATH=/usr/bin:/bin', 'LC_ALL=C'] }, 'start sh');
    const filter = loadFilter(compileProfile(profile), 'filter system calls');
    const message = agent.channel.post({ steps: [NO_NEW_PRIVS, filter, start] });
    (await agent.channel.report(message))?.throwIfFailed();
    const output = await text(createReadStream('', { fd: reader, autoClose: false }));
    expect(output).toBe('/\nSeccomp:\t2\nunshare: unshare failed: Operation not permitted\n');
  } finally {
    closeFd(reader);
  }
});
