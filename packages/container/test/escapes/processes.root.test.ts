import { spawn, spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findLeftovers, needs, PLAIN_USER } from '@coracle/test-support';
import { describe, expect } from '@jest/globals';
import { Container, type ContainerOptions } from '../../src/index.ts';
import type { Call } from './support/calls.ts';
import { callOnHost, shOnHost } from './support/on-host.ts';
import { makeScene } from './support/scene.ts';
import { attack, inEachWay, prepareAttacks } from './support/suite.ts';
import { type Reply, type Request, startWorker, WORKER } from './support/ways.ts';

const attacks = prepareAttacks('call', 'trace');

const AT_FDCWD = -100;
const SUCCESS = expect.any(Number);

/** A process of the host that does nothing, for as long as the body takes. */
async function withSleeper(body: (pid: number) => Promise<void>): Promise<void> {
  const sleeper = spawn('sleep', ['100']);
  try {
    await body(sleeper.pid ?? 0);
    expect(sleeper.exitCode ?? sleeper.signalCode).toBeNull();
  } finally {
    sleeper.kill();
  }
}

describe("the runtime's own program", () => {
  attack('CVE-2019-5736: a file that runs can be overwritten once it has ended', () => {
    using scene = makeScene();
    const program = join(scene.outside, 'runtime');
    const overwrite = `cp /bin/sleep ${program}; ${program} 0.2 & sleep 0.1; exec 3</proc/$!/exe; wait; echo theirs > /proc/self/fd/3`;
    expect(shOnHost(`${overwrite}; cat ${program}`)).toBe('theirs\n');
  });
});

inEachWay("the runtime's own program", attacks, ({ calls, run, sh }) => {
  const F_GET_SEALS = 1034;
  const SEALED = 0b1111;
  const O_RDWR = 2;

  attack('CVE-2019-5736: cannot be overwritten through /proc/1/exe, not even by the privileged', async () => {
    const open = (mode: number): Call => ['openat', AT_FDCWD, 'text:/proc/1/exe', mode];
    const found = await calls([open(0), ['fcntl', 'result:0', F_GET_SEALS, 0], open(O_RDWR)], {
      init: true,
      privileged: true,
    });
    // A memory file that nobody can write, grow, shrink or unseal; in a user namespace it cannot even be read.
    const [file, seals, opened] = found;
    if (file === 'EACCES') expect(opened).toBe('EACCES');
    else expect([Number(seals) & SEALED, opened]).toEqual([SEALED, expect.stringMatching(/EPERM|ETXTBSY/)]);
    expect(await sh('exec 3</proc/1/exe; echo theirs > /proc/self/fd/3', { init: true })).toMatch(/denied/);
  });

  attack(
    'CVE-2019-5736: /proc/self/exe as the program, its interpreter or behind a link is refused in words',
    async () => {
      using scene = makeScene();
      writeFileSync(join(scene.root, 'bin/evil'), '#!/proc/self/exe\n', { mode: 0o755 });
      symlinkSync('/proc/self/exe', join(scene.root, 'bin/link'));
      for (const program of ['/bin/evil', '/bin/link', '/proc/self/exe'])
        for (const init of [false, true]) {
          const ended = await run([program], { root: scene.root, timeout: '10s', init });
          const stderr = 'coracle: /proc/self/exe is no program of the container\n';
          expect(ended).toMatchObject({ exitCode: 126, stdout: '', stderr });
        }
    },
  );
});

const REACHED = ['read', 'write', 'mem', 'environ', 'maps', 'auxv', 'exe', 'root', 'cwd', 'ns/mnt', 'ptrace'];

inEachWay('the agent that stays as process 1', attacks, ({ name, sh, run }) => {
  attack('cannot be traced, read or written, nor its descriptors be seen', async () => {
    // A process of the container itself can be: the attack is not at fault.
    const own = await sh('sleep 10 & /attacks/trace $! 0; kill $!');
    expect(own.match(/success/g)?.length).toBeGreaterThan(8);
    const options = { init: true, capAdd: ['SYS_PTRACE'] };
    const withPower = (await run(['/attacks/trace', '1'], options)).stdout;
    // The capability counts where the agent comes from: on the host, not in a user namespace.
    if (name === 'root') expect(withPower).toMatch(/maps success[\s\S]*ptrace success/);
    else expect(withPower).not.toContain('success');
    const { stdout } = await run(['/attacks/trace', '1'], { init: true });
    expect(stdout.trim().split('\n')).toEqual([
      ...REACHED.map((what) => expect.stringMatching(`^${what} E(PERM|ACCES)$`)),
      'descriptors 0',
    ]);
  });

  attack('runs no code of the caller, and has nothing of its environment', async () => {
    const look = 'cat /proc/1/maps; tr "\\0" "\\n" < /proc/1/environ';
    const { SECRET: _, ...environment } = process.env;
    using worker = startWorker({ env: { ...environment, SECRET: 'of the caller' } });
    const seen = await worker.run(['sh', '-c', look], { init: true, privileged: true });
    expect(seen.stdout).toContain('memfd');
    expect(seen.stdout).not.toMatch(/node|koffi|\.so|SECRET/);
  });
});

describe('the agent of exec', () => {
  const TIMES = 150;

  /** What a process that watches for newcomers sees while programs are started beside it. */
  async function watch(options: Partial<ContainerOptions>): Promise<string> {
    await using box = await Container.run({
      command: ['/attacks/trace', 'all', '60000'],
      volumes: [attacks().volume],
      ...options,
    });
    const seen = box.stdout?.text() ?? '';
    for (let time = 0; time < TIMES; time++) await box.exec(['/attacks/call', '64', '39']);
    // An agent that is still in the cgroup when the container ends would keep it from being removed.
    while (findLeftovers().processes.some((line) => line.startsWith('coracle: exec'))) await wait(10);
    box.kill();
    return seen;
  }

  for (const userNamespace of ['host', 'auto'] as const)
    attack(
      `CVE-2016-9962: is never seen into while it enters${userNamespace === 'auto' ? ', with a user namespace' : ''}`,
      async () => {
        const withPower = await watch({ userNamespace, capAdd: ['SYS_PTRACE'] });
        if (userNamespace === 'auto') expect(withPower).not.toContain('memfd');
        else expect(withPower).toMatch(/exe \/memfd[\s\S]*fd socket/);
        // The programs themselves may be seen, by those of their own user: they have what the container has.
        const seen = await watch({ userNamespace });
        expect(seen).toContain('exe /attacks/call');
        expect(seen).not.toMatch(/memfd|socket|pidfd/);
      },
    );
});

inEachWay('the processes of the host', attacks, ({ name, call, calls, sh }) => {
  attack('cannot be seen or sent signals', async () => {
    await withSleeper(async (pid) => {
      expect(callOnHost(attacks(), ['kill', pid, 0])).toEqual([0]);
      expect(await call(['kill', pid, 0], { privileged: true })).toBe('ESRCH');
      const seen = await sh(`ls -d /proc/${pid}; kill -9 ${pid}; kill -9 -1; echo alive`);
      expect(seen).toContain('alive\n');
      expect(seen.match(/No such/g)).toHaveLength(3);
    });
  });

  attack('their namespaces cannot be entered, even with the host’s /proc at hand', async () => {
    const volumes = [{ source: '/proc', target: '/host' }];
    const CLONE_NEWNET = 0x40000000;
    const enter: Call[] = [
      ['openat', AT_FDCWD, `text:/host/${process.pid}/ns/net`, 0],
      ['setns', 'result:0', CLONE_NEWNET],
    ];
    if (name === 'root') expect(await calls(enter, { volumes, privileged: true })).toEqual([SUCCESS, 0]);
    expect((await calls(enter, { volumes }))[1]).toBe('EPERM');
    const unfiltered = await calls(enter, { volumes, security: { seccomp: 'unconfined' } });
    expect(unfiltered[1]).toMatch(/EPERM|EBADF|EACCES/);
  });

  attack('/proc/1 and its namespaces are those of the container', async () => {
    const mine = shOnHost('readlink /proc/self/ns/mnt /proc/self/ns/pid /proc/self/ns/net /proc/self/ns/ipc').split(
      '\n',
    );
    const theirs = await sh('readlink /proc/1/ns/mnt /proc/1/ns/pid /proc/1/ns/net /proc/1/ns/ipc');
    expect(theirs).toMatch(/^(\w+:\[\d+\]\n){4}$/);
    for (const namespace of mine.filter((line) => line !== '')) expect(theirs).not.toContain(namespace);
  });

  attack('their shared memory cannot be found', async () => {
    const KEY = 0x636f7261;
    const IPC_CREAT = 0o1000;
    const IPC_RMID = 0;
    const [id] = callOnHost(attacks(), ['shmget', KEY, 4096, IPC_CREAT | 0o666]);
    try {
      expect(callOnHost(attacks(), ['shmget', KEY, 4096, 0])).toEqual([id]);
      expect(await call(['shmget', KEY, 4096, 0])).toBe('ENOENT');
    } finally {
      expect(callOnHost(attacks(), ['shmctl', id ?? -1, IPC_RMID, 0])).toEqual([0]);
    }
  });
});

/** A server of the host, for as long as the body takes. */
async function withServer(address: string | number, body: (server: Server) => Promise<void>): Promise<void> {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => {
    if (typeof address === 'number') server.listen(address, '127.0.0.1', resolve);
    else server.listen(address, resolve);
  });
  try {
    await body(server);
  } finally {
    server.close();
  }
}

const hex = (bytes: Uint8Array): string => `hex:${Buffer.from(bytes).toString('hex')}`;

inEachWay('the sockets of the host', attacks, ({ calls }) => {
  attack('CVE-2020-15257: abstract ones are reached only by the privileged that have its network', async () => {
    const name = `\0coracle-escape-${process.pid}`;
    // Node fills the name up with zeros.
    const address = Buffer.alloc(110);
    address.writeUInt16LE(1);
    address.write(name, 2);
    const connect: Call[] = [
      ['socket', 1, 1, 0],
      ['connect', 'result:0', hex(address), address.length],
    ];
    await withServer(name, async () => {
      expect(await calls(connect, { network: 'host', privileged: true })).toEqual([SUCCESS, 0]);
      expect(await calls(connect)).toEqual([SUCCESS, 'ECONNREFUSED']);
      // With the network of the host Landlock stands before them, from Linux 6.12 on.
      const [version] = callOnHost(attacks(), ['landlock_create_ruleset', 0, 0, 1]);
      const shared = await calls(connect, { network: 'host' });
      expect(shared).toEqual([SUCCESS, Number(version) >= 6 ? 'EPERM' : 0]);
    });
  });

  attack('those of its loopback device as well', async () => {
    await withServer(0, async (server) => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound ? bound.port : 0;
      const address = Buffer.from([2, 0, port >> 8, port & 0xff, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
      const connect: Call[] = [
        ['socket', 2, 1, 0],
        ['connect', 'result:0', hex(address), address.length],
      ];
      expect(await calls(connect, { network: 'host' })).toEqual([SUCCESS, 0]);
      expect(await calls(connect)).toEqual([SUCCESS, 'ECONNREFUSED']);
    });
  });
});

attack('CVE-2020-15257: the runtime itself listens nowhere', async () => {
  const listening = (): string => shOnHost('awk \'$4 == "00010000" { print $8 }\' /proc/net/unix | sort');
  const before = listening();
  await using _box = await Container.run({ command: ['sleep', '100'], init: true });
  expect(listening()).toBe(before);
  expect(listening()).not.toContain('coracle');
});

describe('the environment of the caller', () => {
  for (const uid of [0, PLAIN_USER])
    attack(`does not come along, for user ${uid}`, async () => {
      const env = { ...process.env, AWS_SECRET_ACCESS_KEY: 'hunter2', LD_PRELOAD: '', NODE_OPTIONS: '' };
      expect(spawnSync('env', { env, encoding: 'utf8' }).stdout).toContain('hunter2');
      using worker = startWorker({ uid, gid: uid, env });
      const { stdout } = await worker.run(['sh', '-c', 'env; cat /proc/*/environ | tr "\\0" "\\n"']);
      expect(stdout).not.toContain('hunter2');
      const names = stdout.split('\n').flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
      expect([...new Set(names)].sort()).toEqual(['HOME', 'HOSTNAME', 'PATH', 'PWD']);
    });
});

describe('the terminal of the caller', () => {
  const TIOCSTI = 0x5412;
  const onTerminal = needs.test(needs.root, needs.program('gcc'), needs.program('script'), {
    what: 'a kernel that lets terminals be written to (dev.tty.legacy_tiocsti)',
    met: shOnHost('cat /proc/sys/dev/tty/legacy_tiocsti') !== '0\n',
  });
  const push = ['/attacks/call', '64', process.arch === 'arm64' ? '29' : '16', '0', String(TIOCSTI), 'text:x'];

  const CONTAINERS = [{}, { security: { seccomp: 'unconfined' } }, { init: true }, { privileged: true }] as const;

  /** Runs a line of shell on a terminal of its own. At times script(1) sees the end of its input first, and hears nothing. */
  const onItsTerminal = (line: string, uid: number, tries = 5): string => {
    const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
      encoding: 'utf8',
      uid,
      gid: uid,
      input: '',
      env: { ...process.env, SHELL: '/bin/sh', NODE_OPTIONS: '', TSX_DISABLE_CACHE: '1' },
      cwd: join(import.meta.dirname, 'support'),
    });
    return stdout === '' && tries > 1 ? onItsTerminal(line, uid, tries - 1) : stdout;
  };

  for (const uid of [0, PLAIN_USER])
    onTerminal(`CVE-2017-5226: cannot be typed on by TIOCSTI, for user ${uid}`, () => {
      const bare = onItsTerminal(push.join(' ').replace('/attacks', attacks().path), uid);
      expect(bare).toMatch(/^x?0\r\n/);
      const requests = CONTAINERS.map((options, id): Request => {
        return { id, command: push, options: { stdin: 'inherit', volumes: [attacks().volume], ...options } };
      });
      const words = requests.map((request) => `'${JSON.stringify(request)}'`);
      const output = onItsTerminal([...WORKER, ...words].join(' '), uid);
      const replies = output.match(/\{.*\}/g)?.map((line): Reply => JSON.parse(line)) ?? [];
      // It is not its controlling terminal, and only CAP_SYS_ADMIN of the host stands above that.
      expect(replies.map(({ ended }) => ended?.stdout)).toEqual(['-1\n', '-1\n', '-1\n', uid === 0 ? '0\n' : '-1\n']);
    });
});
