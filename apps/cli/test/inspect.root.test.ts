import { spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandCopy, copyCommand, findLeftovers, needs, PLAIN_USER } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';

let command: CommandCopy;
/** Of the ordinary user. */
let runtime: string;
let before: ReturnType<typeof findLeftovers>;

beforeAll(() => {
  before = findLeftovers();
  command = copyCommand();
  runtime = mkdtempSync(join(tmpdir(), 'inspect-'));
  if (process.geteuid?.() === 0) chownSync(runtime, PLAIN_USER, PLAIN_USER);
});

afterAll(() => {
  command[Symbol.dispose]();
  rmSync(runtime, { recursive: true });
  expect(findLeftovers()).toEqual(before);
});

const it = needs.test(needs.root);

const USERS = [
  { who: 'root', uid: undefined },
  { who: 'an ordinary user', uid: PLAIN_USER },
];

function surroundings(uid: number | undefined): { env: Record<string, string>; uid?: number } {
  return uid === undefined ? { env: {} } : { env: { XDG_RUNTIME_DIR: runtime }, uid };
}

function inspect(args: readonly string[], uid?: number): ReturnType<CommandCopy['run']> {
  return command.run(['inspect', ...args], surroundings(uid));
}

/** A container that runs until its caller is killed. */
async function launch(name: string, uid: number | undefined): Promise<{ kill(): Promise<void> } & AsyncDisposable> {
  const { env } = surroundings(uid);
  const caller = spawn(
    process.execPath,
    [command.path, 'run', '-q', '--name', name, 'sh', '-c', 'echo up; sleep 100'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: '/',
      env: { ...process.env, ...env },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    },
  );
  await new Promise<void>((resolve) => caller.stdout.once('data', () => resolve()));
  const ended = new Promise<void>((resolve) => caller.once('exit', () => resolve()));
  const kill = async (): Promise<void> => {
    caller.kill('SIGKILL');
    await ended;
    for (let tries = 0; tries < 200 && !inspect([name], uid).stderr.includes('there is no such'); tries++);
  };
  return { kill, [Symbol.asyncDispose]: kill };
}

describe.each(USERS)('coracle inspect, as $who', ({ uid }) => {
  it('tells of running containers in an array, in the order in which they were asked for', async () => {
    await using _one = await launch('one', uid);
    await using _other = await launch('other', uid);
    const { status, stdout } = inspect(['other', 'one'], uid);
    expect(status).toBe(0);
    const [other, one] = JSON.parse(stdout);
    expect(other.name).toBe('other');
    expect(one).toMatchObject({
      name: 'one',
      status: 'running',
      command: ['sh', '-c', 'echo up; sleep 100'],
      isolation: { seccomp: 'default', network: 'none', userIds: uid === undefined ? 'host' : 'single' },
    });
    const places = one.mounts.map(({ destination }: { destination: string }) => destination);
    expect(places.includes('/sys/fs/cgroup')).toBe(one.cgroups.length > 0);
    const filter = /^Seccomp:\s+(\d)/m.exec(readFileSync(`/proc/${one.pid}/status`, 'utf8'))?.[1];
    expect(filter).toBe('2');
    expect(JSON.parse(inspect(['--json', one.id.slice(0, 10)], uid).stdout)).toEqual([one]);
  });

  it('tells of one for reading', async () => {
    await using _box = await launch('readable', uid);
    const { stdout } = inspect(['--format', 'text', 'readable'], uid);
    expect(stdout).toMatch(/^readable \([0-9a-f]{12}\)\n {2}status +running since /);
    expect(stdout).toMatch(/\n {2}command +sh -c 'echo up; sleep 100'\n/);
    if (uid !== undefined) expect(stdout).toMatch(new RegExp(`\\n {2}user ids +single\\n +0 is ${uid} of the host\\n`));
  });

  it('says of one whose caller was killed that there is none', async () => {
    const box = await launch('sunk', uid);
    await box.kill();
    expect(inspect(['sunk'], uid)).toMatchObject({
      status: 125,
      stdout: '',
      stderr: expect.stringMatching(/ESRCH: there is no such container, inspect 'sunk'\n {2}hint: none of your/),
    });
  });

  it('prints nothing when one of several is unknown, and names the near one', async () => {
    await using _box = await launch('boat', uid);
    const { status, stdout, stderr } = inspect(['boat', 'baot'], uid);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toContain("inspect 'baot'\n  hint: did you mean boat?");
    expect(JSON.parse(inspect(['--json', 'baot'], uid).stderr)).toMatchObject({ error: { code: 'ESRCH' } });
  });
});

describe('coracle inspect', () => {
  it('tells an ordinary user that what root runs is for root to see', async () => {
    await using _box = await launch('of-root', undefined);
    const { status, stderr } = inspect(['of-root'], PLAIN_USER);
    expect(status).toBe(125);
    expect(stderr).toContain('those of root are seen by root alone: sudo coracle inspect of-root');
  });

  const refused: [string, string[], string][] = [
    ['no name', [], 'inspect what?'],
    ['an unknown option', ['--fromat', 'json', 'x'], 'did you mean --format?'],
    [
      'a template',
      ['-f', '{{.Id}}', 'x'],
      "there are only json and text\n  hint: to pick a part of it: coracle inspect NAME | jq '.[0].pid'",
    ],
    ['two formats', ['-f', 'text', '--json', 'x'], 'contradict each other'],
    ['an option behind a name', ['x', '--debug'], 'options come first: coracle inspect --debug ... x'],
  ];
  for (const [what, args, said] of refused) {
    it(`refuses ${what} with exit code 125, one line and a hint`, () => {
      const { status, stdout, stderr } = inspect(args);
      expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
      expect(stderr.startsWith('{') ? JSON.parse(stderr).error.message : stderr).toContain(said);
    });
  }

  it('explains itself', () => {
    expect(inspect(['--help']).stdout).toContain('--format json|text');
    expect(command.run(['help']).stdout).toContain('coracle inspect NAME|ID ...');
  });
});
