import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BusyboxRootfs,
  type CommandCopy,
  copyCommand,
  findLeftovers,
  makeBusyboxRootfs,
  needs,
  PLAIN_USER,
  recordedContainers,
} from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

let command: CommandCopy;
let rootfs: BusyboxRootfs;
let before: ReturnType<typeof findLeftovers>;

beforeAll(() => {
  before = findLeftovers();
  command = copyCommand();
  rootfs = makeBusyboxRootfs();
});

afterAll(() => {
  command[Symbol.dispose]();
  rootfs[Symbol.dispose]();
  expect(findLeftovers()).toEqual(before);
});

/** The same sentences hold for root and for an ordinary user. */
const USERS = [
  ['root', undefined],
  ['an ordinary user', PLAIN_USER],
] as const;

describe.each(USERS)('coracle run, as %s', (_, uid) => {
  const it = needs.test(needs.root, needs.program('busybox'));
  const run = (...args: string[]): ReturnType<CommandCopy['run']> =>
    command.run(['run', '--quiet', ...args], uid === undefined ? {} : { uid });

  it('passes the exit code on', () => {
    for (const code of [0, 1, 42, 125, 255]) expect(run('sh', '-c', `exit ${code}`).status).toBe(code);
  });

  it('gives 128 and the signal for a program that a signal ended', () => {
    expect(run('--init', 'sh', '-c', 'kill -TERM $$').status).toBe(143);
  });

  it('gives the seven steps of the exercise in one command', () => {
    const outside = hostname();
    const { stdout } = run(
      '--rootfs',
      `${rootfs.path}:O`,
      '--hostname',
      'container',
      'sh',
      '-c',
      'ls / | tr "\\n" " "; echo; hostname; echo $$; ps | wc -l',
    );
    const [files, name, pid, processes] = stdout.split('\n');
    expect(files).toBe('bin dev etc proc root sys tmp ');
    expect(name).toBe('container');
    expect(pid).toBe('1');
    expect(Number(processes)).toBeLessThanOrEqual(5);
    expect(hostname()).toBe(outside);
  });

  it('passes input and output straight through', () => {
    const { stdout } = command.run(['run', '--quiet', 'wc', '-c'], {
      input: Buffer.alloc(5_000_000, 'x'),
      ...(uid === undefined ? {} : { uid }),
    });
    expect(stdout.trim()).toBe('5000000');
  });

  it('is root inside, and makes files of its own', () => {
    const { stdout } = run('sh', '-c', 'id -u; echo x > /tmp/x; stat -c %u /tmp/x');
    expect(stdout).toBe('0\n0\n');
  });

  it('shows volumes and directories in memory, in the short and in the long form', () => {
    const { stdout, stderr } = run(
      ...['-v', `${rootfs.path}/etc:/short:ro`, '--tmpfs', '/memory:size=1m'],
      ...['--mount', `type=bind,"source=${rootfs.path}/etc",target=/long,readonly`],
      ...['--mount', 'type=tmpfs,target=/more,tmpfs-size=64k,tmpfs-mode=700'],
      ...[
        'sh',
        '-c',
        'ls /short /long; touch /short/x /long/x; stat -c %a /more; echo x > /memory/x; grep -c size=64k /proc/mounts',
      ],
    );
    expect(stdout).toBe('/long:\ngroup\npasswd\n\n/short:\ngroup\npasswd\n700\n1\n');
    expect(stderr.match(/Read-only file system/g)).toHaveLength(2);
  });

  it('ends the whole container when its time is up, and says so', () => {
    const { status, stderr } = command.run(
      ['run', '--timeout', '0.3', 'sleep', '100'],
      uid === undefined ? {} : { uid },
    );
    expect(status).toBe(137);
    expect(stderr).toContain('ended after 0.3 (--timeout)');
  });

  const refused: [string, string[], number, string][] = [
    ['an unknown option', ['--foo', 'true'], 125, 'there is no option --foo'],
    ['a size in parsecs', ['-m', '12parsecs', 'true'], 125, '12parsecs'],
    ['a missing root', ['--rootfs', '/no/such', 'true'], 125, "ENOENT: no such file or directory, stat '/no/such'"],
    ['no program', [], 125, 'no program to run'],
    ['a missing program', ['no-such-program'], 127, 'no such program in the container'],
    ['a file that cannot be executed', ['/etc/passwd'], 126, 'EACCES'],
    ['an unknown user', ['-u', 'nobody-of-that-name', 'true'], 125, "no user 'nobody-of-that-name'"],
    ['a missing volume', ['-v', '/no/such:/x', 'true'], 125, "ENOENT: no such file or directory, stat '/no/such'"],
    ['a volume that is no pair', ['-v', '/tmp', 'true'], 125, '--volume /tmp: not SRC:DST'],
    ['an unknown option of a volume', ['-v', '/tmp:/x:readonly', 'true'], 125, "there is no option 'readonly'"],
    ['a named volume', ['--mount', 'src=data,dst=/x', 'true'], 125, 'do not exist yet'],
    ['an unknown key of a mount', ['--mount', 'type=bind,scr=/tmp,dst=/x', 'true'], 125, "there is no key 'scr'"],
    ['a mount without a target', ['--mount', 'type=bind,src=/tmp', 'true'], 125, 'no target is named'],
    ['a mount over /proc', ['-v', '/tmp:/proc/sys', 'true'], 125, 'nothing can be mounted on /proc/sys'],
    ['an unknown option of a tmpfs', ['--tmpfs', '/x:sice=1m', 'true'], 125, "a tmpfs has no option 'sice'"],
    ['a name with a slash', ['--name', 'a/b', 'true'], 125, "'a/b' cannot be the name"],
    ['an impossible hostname', ['--hostname', 'x'.repeat(65), 'true'], 125, 'hostname'],
    ['a relative working directory', ['-w', 'x', 'true'], 125, 'not absolute'],
  ];

  for (const [what, args, status, message] of refused) {
    it(`refuses ${what} with exit code ${status}, one line and a hint`, () => {
      const result = run(...args);
      expect(result).toMatchObject({ status, stdout: '' });
      expect(result.stderr).toContain(message);
      expect(result.stderr.trim().split('\n')).toHaveLength(2);
      expect(result.stderr).toContain('  hint: ');
    });
  }

  it('tells errors as JSON with --json', () => {
    expect(JSON.parse(run('--json', '--rootfs', '/no/such', 'true').stderr)).toMatchObject({
      error: { code: 'ENOENT', hint: expect.any(String) },
    });
  });

  it('tells errors as JSON with --json behind an option with a value, too', () => {
    expect(JSON.parse(run('--rootfs', '/no/such', '--json', 'true').stderr)).toHaveProperty('error');
    expect(JSON.parse(run('-m', '12parsecs', '--json', 'true').stderr)).toHaveProperty('error');
  });

  it('tells remarks as JSON with --json', () => {
    const { stderr } = command.run(
      ['run', '--json', '--timeout', '0.3', 'sleep', '100'],
      uid === undefined ? {} : { uid },
    );
    const remarks = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).remark.message);
    expect(remarks.at(-1)).toContain('ended after 0.3');
  });

  it('goes on when its remarks cannot be written', () => {
    const script = `${command.path} run sh -c 'exit 4' 2> /dev/full`;
    const user = uid === undefined ? {} : { uid, gid: uid };
    expect(spawnSync('sh', ['-c', script], { cwd: '/', ...user }).status).toBe(4);
  });

  it('keeps a file of variables for the container, and out of its own process', () => {
    const directory = mkdtempSync(join(tmpdir(), 'env-'));
    chmodSync(directory, 0o755);
    const [file, preload] = [join(directory, 'env'), join(directory, 'preload.cjs')];
    writeFileSync(file, `NODE_OPTIONS=--require ${preload}\nA=1\n`);
    writeFileSync(preload, 'console.log("run by the command itself")');
    const { status, stdout } = run('--env-file', file, 'sh', '-c', 'echo $A $NODE_OPTIONS');
    expect({ status, stdout }).toEqual({ status: 0, stdout: `1 --require ${preload}\n` });
    rmSync(directory, { recursive: true });
  });

  it('hands a --env-file on to the program, and refuses one of its own that is missing', () => {
    expect(run('echo', '--env-file', '/no/such')).toMatchObject({ status: 0, stdout: '--env-file /no/such\n' });
    expect(run('--env-file', '/no/such', 'true')).toMatchObject({
      status: 125,
      stderr: expect.stringContaining('--env-file /no/such: ENOENT'),
    });
  });

  it('says that a root without the program lacks it', () => {
    const result = run('--rootfs', `${rootfs.path}:O`, 'bash');
    expect(result.status).toBe(127);
    expect(result.stderr).toContain('no such program in the container');
  });
});

needs.describe(needs.root)('coracle run, as root', () => {
  test('a root closed to an ordinary user is refused with the way in', () => {
    const closed = mkdtempSync(join(tmpdir(), 'closed-'));
    chmodSync(closed, 0o700);
    const inside = join(closed, 'rootfs');
    const { status, stderr } = command.run(['run', '--rootfs', inside, 'true'], { uid: PLAIN_USER });
    expect(status).toBe(125);
    expect(stderr).toContain('EACCES');
    expect(stderr).toContain('hint: ');
    rmSync(closed, { recursive: true });
  });

  test('an ordinary user with a single id is told how to get more', () => {
    const { status, stderr } = command.run(['run', '-u', '33', 'true'], { uid: PLAIN_USER });
    expect(status).toBe(125);
    expect(stderr).toContain('/etc/subuid');
  });

  test('a name in use is refused, and free again after its container was killed', async () => {
    const first = spawn(
      process.execPath,
      [command.path, 'run', '-q', '--name', 'contested', 'sh', '-c', 'echo up; sleep 100'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise<void>((resolve) => first.stdout.once('data', () => resolve()));
    const second = command.run(['run', '--name', 'contested', 'true']);
    expect(second.status).toBe(125);
    expect(second.stderr).toContain('the name is in use');
    const ended = new Promise<void>((resolve) => first.once('exit', () => resolve()));
    first.kill('SIGKILL');
    await ended;
    await gone();
    expect(command.run(['run', '-q', '--name', 'contested', 'true']).status).toBe(0);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const)(
    '%s is handed on to the program',
    async (signal) => {
      const name = signal.slice(3);
      const child = spawn(
        process.execPath,
        [command.path, 'run', '-q', 'sh', '-c', `trap "exit 7" ${name}; echo up; while :; do sleep 0.05; done`],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
      child.kill(signal);
      const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
      expect(code).toBe(7);
    },
  );

  needs.test(needs.root, needs.program('strace'))('signals are waited for before there is a container', () => {
    const { status, stderr } = spawnSync(
      'strace',
      ['-f', '-e', 'trace=rt_sigaction,execve', process.execPath, command.path, 'run', '-q', 'true'],
      { encoding: 'utf8' },
    );
    expect(status).toBe(0);
    const calls = stderr.split('\n');
    // Node sets one that undoes itself before; this one stays.
    const handler = calls.findIndex((line) => /rt_sigaction\(SIGTERM, .*sa_flags=SA_RESTORER\|SA_RESTART,/.test(line));
    const monitor = calls.findIndex((line) => line.includes('"coracle: monitor of'));
    expect(handler).toBeGreaterThan(0);
    expect(monitor).toBeGreaterThan(handler);
  });

  needs.test(needs.root, needs.program('strace'))(
    'what is ready at a start is enough beside another container',
    async () => {
      const neighbour = spawn(process.execPath, [command.path, 'run', '-q', 'sh', '-c', 'echo up; exec sleep 100'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        await once(neighbour.stdout, 'data');
        const words = ['-f', '-y', '-e', 'trace=pread64', process.execPath, command.path, 'run', '-q', 'true'];
        const { status, stderr } = spawnSync('strace', words, { encoding: 'utf8' });
        expect(status).toBe(0);
        // The rest of the command is read from its place in the file.
        expect(stderr.split('\n').filter((line) => /pread64\(\d+<\S+\.code>/.test(line))).toEqual([]);
      } finally {
        neighbour.kill('SIGKILL');
        await once(neighbour, 'exit');
      }
      await gone();
    },
  );

  test('a reader that goes away ends the writer', async () => {
    const child = spawn('sh', ['-c', `${process.execPath} ${command.path} run -q yes 2>/dev/null | head -c 10`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('y\n'.repeat(5));
    await gone();
  });

  test('killed with SIGKILL at fifty moments, nothing is left', async () => {
    for (let round = 0; round < 50; round++) {
      const child = spawn(process.execPath, [command.path, 'run', '-q', 'sleep', '100'], { stdio: 'ignore' });
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      await new Promise((resolve) => setTimeout(resolve, round * 6));
      child.kill('SIGKILL');
      await ended;
    }
    await gone();
    expect(recordedContainers()).toEqual([]);
    expect(findLeftovers()).toEqual(before);
  }, 60_000);

  test('on a terminal run bash is interactive, and its window has the size of the caller’s', () => {
    const stdout = runOnTerminal(['run', '-q', 'sh'], 'tty; stty size; exit 3\n');
    expect(stdout).toContain('/dev/pts/0');
    expect(stdout).toContain('33 77');
    expect(stdout).toContain('exit code 3');
  });

  test('in a directory that was removed says so of a path that leads from it, and runs without one', () => {
    const script = 'cd "$(mktemp -d)"; rmdir "$PWD"; "$@"';
    const inRemoved = (...options: string[]): SpawnSyncReturns<string> =>
      spawnSync('sh', ['-c', script, 'sh', process.execPath, command.path, 'run', '-q', ...options, 'pwd'], {
        encoding: 'utf8',
      });
    const { stderr, status } = inRemoved('-v', '.:/x');
    expect(status).toBe(125);
    expect(stderr).toContain('the directory that coracle was started in cannot be found any more');
    expect(stderr).toContain('hint: paths of options lead from there');
    expect(inRemoved()).toMatchObject({ status: 0, stdout: '/\n' });
  });

  test.each([
    ['that the host knows is told to programs', 'vt220', [], 'vt220'],
    ['of a newer kind, which no description is there of, is an xterm to them', 'newest-of-all', [], 'xterm'],
    ['that can do nothing stays that', 'dumb', [], 'dumb'],
    ['with a type that leads elsewhere is an xterm', '../v/vt220', [], 'xterm'],
    ['whose type is given by hand is what was given', 'newest-of-all', ['-e', 'TERM=mine'], 'mine'],
  ])('a terminal %s', (_, type, options, told) => {
    const stdout = runOnTerminal(['run', '-q', ...options, 'sh'], 'echo it is $TERM.\nexit\n', type);
    expect(stdout).toContain(`it is ${told}.`);
  });
});

needs.describe(needs.root)('coracle explain', () => {
  test('shows the steps in words and as calls, and runs none', () => {
    const { stdout, status } = command.run(['explain', 'run', '--hostname', 'boat', 'sh']);
    expect(status).toBe(0);
    for (const part of [
      'What is isolated?',
      'pivot_root(".", ".")',
      'sethostname("boat", 4)',
      'execve("/usr/bin/sh"',
      "make the container's processes visible to ps",
    ]) {
      expect(stdout).toContain(part);
    }
    expect(findLeftovers()).toEqual(before);
  });

  test('with --json as data', () => {
    const parts = JSON.parse(command.run(['explain', '--json', 'run', 'sh']).stdout);
    expect(parts[0]).toMatchObject({
      question: expect.any(String),
      by: 'monitor',
      steps: [{ number: 1 }, ...Array(parts[0].steps.length - 1).fill(expect.anything())],
    });
  });
});

describe('coracle', () => {
  test('a reader that goes away is no failure of what is printed', () => {
    const { stderr, stdout } = shell(`${command.path} explain run --json sh | true; echo done`);
    expect({ stderr, stdout }).toEqual({ stderr: '', stdout: 'done\n' });
  });

  test('what cannot be printed is told in one line', () => {
    const { stderr, status } = shell(`${command.path} help > /dev/full`);
    expect({ stderr, status }).toEqual({
      stderr: 'coracle: ENOSPC: no space left on device, write\n',
      status: 125,
    });
  });

  test('where an error cannot be told the exit code is the same', () => {
    expect(shell(`${command.path} run --foo 2> /dev/full`).status).toBe(125);
  });

  test('without words it helps', () => {
    expect(command.run([]).stdout).toContain('coracle run bash');
    expect(command.run(['run', '--help']).stdout).toContain('--pids-limit');
    expect(command.run(['version']).stdout).toMatch(/^coracle \d+\.\d+\.\d+\n$/);
  });

  test.each(['version', 'help', 'doctor', '--version', '--help'])('%s with a word behind it is refused', (name) => {
    expect(command.run([name, 'extra'])).toMatchObject({
      status: 125,
      stdout: '',
      stderr: expect.stringContaining('takes no words, but there is "extra"'),
    });
  });

  test('an unknown command is refused, and the one that was meant named', () => {
    expect(command.run(['rnu', 'x'])).toMatchObject({
      status: 125,
      stderr: expect.stringContaining('did you mean coracle run?'),
    });
  });
});

function shell(script: string): ReturnType<CommandCopy['run']> {
  return spawnSync('sh', ['-c', script], { encoding: 'utf8' });
}

/** Resolves when no agent runs any more: the monitors of killed commands need a moment. */
async function gone(): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (findLeftovers().processes.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`still there: ${findLeftovers().processes.join(', ')}`);
}

/** Runs the command on a new terminal of 33 rows and 77 columns and types into it; script(1) makes the terminal. */
function runOnTerminal(args: string[], keys: string, type = 'xterm'): string {
  const directory = mkdtempSync(join(tmpdir(), 'terminal-'));
  const script = join(directory, 'run.sh');
  writeFileSync(
    script,
    `stty rows 33 columns 77\n${process.execPath} ${command.path} ${args.join(' ')}\necho exit code $?\n`,
  );
  const { stdout } = spawnSync('script', ['-qec', `sh ${script}`, join(directory, 'log')], {
    input: keys,
    encoding: 'utf8',
    timeout: 20_000,
    env: { ...process.env, TERM: type },
  });
  rmSync(directory, { recursive: true });
  return stdout;
}
