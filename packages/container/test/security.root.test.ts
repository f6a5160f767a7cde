import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Container, run, type SyscallEvent } from '@coracle/container';
import { closeFd, landlockVersion } from '@coracle/syscalls';
import { findLeftovers, needs } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const ASKS_ABOUT_MKDIR = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_NOTIFY' }],
};

const PERL_LISTEN = `
  socket(my $server, AF_UNIX, SOCK_STREAM, 0) or die;
  bind($server, pack_sockaddr_un("\\0$ARGV[0]")) && listen($server, 5) or die;
  $| = 1;
  print "ready";
  while (accept(my $client, $server)) { print $client "reached"; close $client; }
`;

const PERL_CONNECT = `
  socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or die "$!\\n";
  connect($socket, pack_sockaddr_un("\\0$ARGV[0]")) or die "$!\\n";
  print readline($socket);
`;

const status = async (options: Parameters<typeof run>[2]): Promise<Record<string, string>> => {
  const { stdout } = await run('cat', ['/proc/self/status'], options);
  return Object.fromEntries(stdout.split('\n').map((line) => line.split(/:\s*/) as [string, string]));
};

describe('the rights of programs in a container', () => {
  test("by default: Docker's capabilities, no new privileges, one filter", async () => {
    expect(await status({})).toMatchObject({
      CapInh: '0000000000000000',
      CapPrm: '00000000a80425fb',
      CapEff: '00000000a80425fb',
      CapBnd: '00000000a80425fb',
      CapAmb: '0000000000000000',
      NoNewPrivs: '1',
      Seccomp: '2',
    });
  });

  test('another user than root has no capability in force, and can gain none', async () => {
    const empty = '0000000000000000';
    expect(await status({ user: '1' })).toMatchObject({ CapPrm: empty, CapEff: empty, CapAmb: empty, Seccomp: '2' });
  });

  test('without no_new_privs the filter is in force as well', async () => {
    const security = { noNewPrivileges: false };
    expect(await status({ security, user: '1' })).toMatchObject({ NoNewPrivs: '0', Seccomp: '2' });
  });

  test('a further program in the container has the same rights', async () => {
    await using box = await Container.run({ command: ['sleep', '60'], capDrop: ['ALL'] });
    const { stdout } = await box.exec(['grep', '-E', '^(CapBnd|CapEff|NoNewPrivs|Seccomp):', '/proc/self/status']);
    expect(stdout).toBe('CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n');
  });

  test('a further program that the container ends under leaves no cgroup behind', async () => {
    const ids: string[] = [];
    for (let round = 0; round < 10; round++) {
      const box = await Container.run({ command: ['sleep', '60'] });
      ids.push(box.id);
      const others = [1, 2].map(() => box.exec(['sleep', '60']).catch(() => {}));
      await new Promise((resolve) => setTimeout(resolve, 5 + round));
      box.kill();
      await box.wait();
      await Promise.all(others);
    }
    expect(findLeftovers().cgroups.filter((path) => ids.some((id) => path.includes(id)))).toEqual([]);
  });

  test('process 1 of a container with an init can only send signals', async () => {
    await using box = await Container.run({ command: ['sleep', '60'], init: true });
    const { stdout } = await box.exec(['grep', '-E', '^(CapPrm|CapEff|NoNewPrivs):', '/proc/1/status']);
    expect(stdout).toBe('CapPrm:\t0000000000000020\nCapEff:\t0000000000000020\nNoNewPrivs:\t1\n');
  });

  test('an init of another user hands signals on', async () => {
    await using box = await Container.run({ command: ['sleep', '60'], init: true, user: '1' });
    box.kill('SIGTERM');
    expect(await box.wait()).toMatchObject({ exitCode: 143 });
  });

  test('kernel settings that are its own can be set, and stay its own', async () => {
    const sysctls = { 'net.ipv4.ip_forward': '1', 'kernel.shmmni': '77' };
    const files = [
      '/proc/sys/net/ipv4/ip_forward',
      '/proc/sys/kernel/shmmni',
      '/proc/sys/net/ipv4/ip_unprivileged_port_start',
    ];
    const { stdout } = await run('cat', files, { sysctls });
    expect(stdout).toBe('1\n77\n0\n');
  });
});

describe("abstract sockets of the host, with the host's network", () => {
  const name = `coracle-test-${process.pid}`;
  const needsAll = needs.test(needs.program('perl'), { what: 'Landlock 6', met: landlockVersion() >= 6 });
  let server: ChildProcess | undefined;
  beforeAll(async () => {
    server = spawn('perl', ['-MSocket', '-e', PERL_LISTEN, name], { stdio: ['ignore', 'pipe', 'inherit'] });
    await Promise.race([once(server.stdout ?? server, 'data'), once(server, 'error')]);
  });
  afterAll(() => {
    server?.kill();
  });

  const connect = (options: Parameters<typeof run>[2]): ReturnType<typeof run> =>
    run('perl', ['-MSocket', '-e', PERL_CONNECT, name], { network: 'host', ...options });

  needsAll('are reached by privileged programs, and by no others', async () => {
    expect(await connect({ privileged: true })).toMatchObject({ stdout: 'reached' });
    expect(await connect({})).toMatchObject({ stdout: '', stderr: 'Operation not permitted\n' });
  });

  needsAll('nor by further programs', async () => {
    await using box = await Container.run({ command: ['sleep', '60'], network: 'host' });
    const { stderr } = await box.exec(['perl', '-MSocket', '-e', PERL_CONNECT, name]);
    expect(stderr).toBe('Operation not permitted\n');
  });
});

describe('system calls that the profile asks about', () => {
  test('are made, refused or answered as the handler says', async () => {
    const calls: SyscallEvent[] = [];
    const answers = ['continue', { errno: 'EROFS' }, { value: 0 }] as const;
    const { stdout, stderr } = await run('sh', ['-c', 'mkdir /tmp/a; LC_ALL=C mkdir /tmp/b; mkdir /tmp/c; ls /tmp'], {
      security: { seccomp: ASKS_ABOUT_MKDIR },
      onSyscall: async (call) => {
        expect(call.isWaiting()).toBe(true);
        calls.push(call);
        return answers[calls.length - 1] ?? 'continue';
      },
    });
    expect(stdout).toBe('a\n');
    expect(stderr).toMatch(/\/tmp\/b.*Read-only file system/);
    expect(calls.map(({ name }) => name)).toEqual(Array(3).fill(expect.stringMatching(/^mkdir/)));
    expect(new Set(calls.map(({ pid }) => pid)).size).toBe(3);
  });

  test('a handler that throws ends the container', async () => {
    const error = new Error('the handler');
    const running = run('sh', ['-c', 'mkdir /tmp/a; sleep 60'], {
      security: { seccomp: ASKS_ABOUT_MKDIR },
      onSyscall: () => {
        throw error;
      },
    });
    await expect(running).rejects.toBe(error);
  });

  test('a program that is killed while it waits leaves nothing behind', async () => {
    const running = run('mkdir', ['/tmp/a'], {
      security: { seccomp: ASKS_ABOUT_MKDIR },
      timeout: '500ms',
      onSyscall: () => new Promise(() => {}),
    });
    await expect(running).resolves.toMatchObject({ timedOut: true, signal: 'SIGKILL' });
  });

  test('need a handler, and a handler needs them', async () => {
    await expect(run('true', [], { security: { seccomp: ASKS_ABOUT_MKDIR } })).rejects.toThrow(/there is none/);
    await expect(run('true', [], { onSyscall: () => 'continue' })).rejects.toThrow('asks about no call');
  });

  test('with a terminal, both descriptors arrive', async () => {
    const box = await Container.run({
      command: ['sh', '-c', 'mkdir /tmp/a && test -t 0'],
      terminal: { rows: 24, columns: 80 },
      security: { seccomp: ASKS_ABOUT_MKDIR },
      onSyscall: () => 'continue',
    });
    const terminal = box.takeTerminal();
    expect(terminal).toBeGreaterThan(2);
    expect(await box.wait()).toMatchObject({ exitCode: 0 });
    closeFd(terminal ?? -1);
  });

  test('no further program runs there, for it would wait for ever', async () => {
    await using box = await Container.run({
      command: ['sleep', '60'],
      security: { seccomp: ASKS_ABOUT_MKDIR },
      onSyscall: () => 'continue',
    });
    await expect(box.exec(['true'])).rejects.toThrow('no further program can run');
  });

  test('the log blocks what the default blocks, and counts it', async () => {
    const script = 'unshare --user true; unshare --user true; mount -t tmpfs none /tmp; echo done';
    const { stdout, blockedCalls, isolation } = await run('sh', ['-c', script], { security: { seccomp: 'log' } });
    expect(stdout).toBe('done\n');
    expect(blockedCalls).toEqual({ unshare: 2, mount: 1 });
    expect(isolation.seccomp).toBe('log');
  });

  test('without the log there is none', async () => {
    expect(await run('true')).not.toHaveProperty('blockedCalls');
  });
});
