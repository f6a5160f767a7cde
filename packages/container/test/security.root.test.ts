import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import {
  Container,
  type ContainerOptions,
  type LifeOptions,
  run,
  type SyscallEvent,
  type SyscallHandler,
} from '@coracle/container';
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

  test('a handler that forgets to answer ends the container too', async () => {
    const forgets: (call: SyscallEvent) => unknown = () => undefined;
    const running = run('sh', ['-c', 'mkdir /tmp/a; sleep 60'], {
      security: { seccomp: ASKS_ABOUT_MKDIR },
      onSyscall: forgets as SyscallHandler,
    });
    await expect(running).rejects.toThrow('undefined is no answer to a system call');
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

  describe('of further programs', () => {
    const start = (
      onSyscall: SyscallHandler,
      options: Partial<ContainerOptions & LifeOptions> = {},
    ): Promise<Container> =>
      Container.run({ command: ['sleep', '60'], security: { seccomp: ASKS_ABOUT_MKDIR }, onSyscall, ...options });
    const MKDIRS = ['sh', '-c', 'LC_ALL=C mkdir /tmp/a; LC_ALL=C mkdir /tmp/b; ls /tmp'];

    test('are answered by the same handler', async () => {
      const calls: SyscallEvent[] = [];
      await using box = await start((call) => {
        calls.push(call);
        return calls.length === 1 ? { errno: 'EROFS' } : 'continue';
      });
      const { stdout, stderr } = await box.exec(MKDIRS);
      expect([stdout, stderr]).toEqual(['b\n', expect.stringMatching(/\/tmp\/a.*Read-only file system/)]);
      // The programs are the host's processes that they look like, and no two of them one.
      expect(new Set(calls.map(({ pid }) => pid)).size).toBe(2);
      expect(calls.map(({ pid }) => pid)).not.toContain(box.pid);
    });

    test('are answered beside each other and those of the first, with an init and without', async () => {
      for (const init of [false, true]) {
        let asked = 0;
        await using box = await start(() => ({ errno: ++asked > 100 ? 'EIO' : 'EROFS' }), {
          command: ['sh', '-c', 'while :; do mkdir /tmp/x; sleep 0.05; done'],
          stderr: 'ignore',
          init,
        });
        const ends = await Promise.all(Array.from({ length: 5 }, () => box.exec(MKDIRS)));
        for (const { stderr } of ends) expect(stderr.match(/Read-only file system/g)).toHaveLength(2);
        expect(asked).toBeGreaterThanOrEqual(10);
      }
    });

    test('that is not there are refused as ever, when the way to the program is asked about', async () => {
      const seccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['openat'], action: 'SCMP_ACT_NOTIFY' }] };
      await using box = await start(() => 'continue', { security: { seccomp } });
      await expect(box.exec(['nothing'])).rejects.toMatchObject({ name: 'ProgramError', isAbsent: true });
      expect(await box.exec(['echo', 'there'])).toMatchObject({ stdout: 'there\n' });
    });

    test('are ended in time when nobody answers', async () => {
      await using box = await start(() => new Promise(() => {}));
      expect(await box.exec(['mkdir', '/tmp/a'], { timeout: '300ms' })).toMatchObject({ timedOut: true });
    });

    test('end the container when the handler throws', async () => {
      const error = new Error('the handler');
      await using box = await start(() => {
        throw error;
      });
      expect(await box.exec(['sh', '-c', 'mkdir /tmp/a; sleep 60'])).toMatchObject({ signal: 'SIGKILL' });
      await expect(box.wait()).rejects.toBe(error);
    });

    test('leave no descriptor open in the caller', async () => {
      await using box = await start(() => 'continue');
      await box.exec(MKDIRS);
      await wait(50); // the nursery's next child has come
      const open = readdirSync('/proc/self/fd').length;
      for (let time = 0; time < 5; time++) await box.exec(MKDIRS);
      await wait(50);
      expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(open);
    });

    test('are counted by the log as well', async () => {
      await using box = await Container.run({ command: ['sleep', '60'], security: { seccomp: 'log' } });
      expect(await box.exec(['sh', '-c', 'unshare --user true; echo done'])).toMatchObject({ stdout: 'done\n' });
      box.kill();
      expect((await box.wait()).blockedCalls).toEqual({ unshare: 1 });
    });
  });

  test('that stand on the way to a program which is not there keep nobody waiting', async () => {
    const seccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['openat'], action: 'SCMP_ACT_NOTIFY' }] };
    const running = run('nothing', [], { security: { seccomp }, onSyscall: () => 'continue' });
    await expect(running).rejects.toMatchObject({ name: 'ProgramError', isAbsent: true });
  });

  test('by which it becomes its user are asked about too, where new privileges are not forbidden', async () => {
    const names: (string | undefined)[] = [];
    const seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['setresuid'], action: 'SCMP_ACT_NOTIFY' }],
    };
    const { stdout } = await run('id', ['-u'], {
      security: { seccomp, noNewPrivileges: false },
      onSyscall: ({ name }) => {
        names.push(name);
        return 'continue';
      },
    });
    expect([stdout, names]).toEqual(['0\n', ['setresuid']]);
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
