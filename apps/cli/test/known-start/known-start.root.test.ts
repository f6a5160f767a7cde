import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BusyboxRootfs,
  type CommandCopy,
  copyCommand,
  findLeftovers,
  makeBusyboxRootfs,
  needs,
  recordedContainers,
  until,
} from '@coracle/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { placeOf } from '../../src/known-start/known-start.ts';
import { NOT_KNOWN, withoutPlanning } from './without-planning.ts';

const STATE_ROOT = '/run/coracle';

needs.describe(needs.root, needs.program('busybox'))('a start that is known', () => {
  let command: CommandCopy;
  let rootfs: BusyboxRootfs;
  let before: ReturnType<typeof findLeftovers>;
  let onlyKnown: ReturnType<typeof withoutPlanning>;

  beforeAll(() => {
    before = findLeftovers();
    command = copyCommand();
    rootfs = makeBusyboxRootfs();
    onlyKnown = withoutPlanning(command);
  });
  afterAll(() => {
    command[Symbol.dispose]();
    rootfs[Symbol.dispose]();
    expect(findLeftovers()).toEqual(before);
  });
  beforeEach(forgetAll);
  afterEach(forgetAll);

  function forgetAll(): void {
    if (!existsSync(STATE_ROOT)) return;
    for (const name of readdirSync(STATE_ROOT)) if (/^start-\d+$/.test(name)) rmSync(join(STATE_ROOT, name));
  }

  /** What a start prints and returns: one that is planned cannot be made meanwhile. */
  function again(
    words: readonly string[],
    options: Parameters<CommandCopy['run']>[1] = {},
  ): ReturnType<CommandCopy['run']> {
    return onlyKnown(() => command.run(words, options));
  }

  test.each([
    [['run', '-q', 'sh', '-c', 'echo out; echo err >&2; exit 7']],
    [['run', '-q', '-m', '64m', '--cpus', '0.5', '--name', 'known', '--init', 'sh', '-c', 'kill -TERM $$']],
    [['run', '--json', '-v', '/usr:/mnt:ro', '--tmpfs', '/media', '--read-only', '--cap-drop', 'ALL', 'ls', '/mnt']],
    [['run', '-q', '--hostname', 'box', '-w', '/usr', '--pids-limit', '20', 'sh', '-c', 'pwd; hostname']],
  ])('%j does and prints what it did', (words) => {
    const first = command.run(words);
    const second = again(words);
    expect(second.stderr).not.toContain(NOT_KNOWN);
    const { status, stdout, stderr } = second;
    expect({ status, stdout, stderr }).toEqual({ status: first.status, stdout: first.stdout, stderr: first.stderr });
  });

  test('a program in a root of its own sees what it saw, but for its id', () => {
    const script =
      'grep -v ctxt_sw /proc/self/status; cat /proc/self/mountinfo /proc/self/limits; ls /proc/self/fd /dev; id; env; ps; ulimit -a';
    const words = ['run', '-q', '--rootfs', rootfs.path, 'sh', '-c', `hostname; ${script}`];
    const seen = [command.run(words), again(words)].map(({ stdout, stderr, status }) => {
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      const [id = '', ...lines] = stdout.split('\n');
      expect(id).toMatch(/^[0-9a-f]{12}$/);
      // Numbers of devices and mounts are new each time, and so is what a process has used.
      return {
        id,
        lines: lines
          .filter((line) => !/^Vm|^Rss/.test(line))
          .map((line) => line.replaceAll(id, 'ID').replace(/^\d+ \d+ \d+:\d+/, '')),
      };
    });
    expect(seen[0]?.id).not.toBe(seen[1]?.id);
    expect(seen[1]?.lines).toEqual(seen[0]?.lines);
  });

  test('is another where input or output is the null device, of which a container has its own', () => {
    const which = 'stat -L -c %d:%i /dev/null; test -e /proc/self/fd/0 && stat -L -c %d:%i /proc/self/fd/0';
    const isOwn = (input: '' | undefined): boolean => {
      const { status, stdout } = command.run(['run', '-q', 'sh', '-c', which], input === undefined ? {} : { input });
      const [own, given] = stdout.split('\n');
      expect([status, given]).toEqual([0, expect.stringMatching(/^\d+:\d+$/)]);
      return own === given;
    };
    expect((['', undefined, '', undefined] as const).map(isOwn)).toEqual([false, true, false, true]);
  });

  test('inspect tells of it as of the first', async () => {
    const words = ['run', '-q', '--name', 'known-twin', '-m', '64m', '--init', 'sleep', '60'];
    const tell = async (): Promise<unknown> => {
      const child = spawn(command.path, words, { stdio: 'ignore' });
      let text = '';
      for (let tries = 0; tries < 200 && text === ''; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 25));
        text = command.run(['inspect', '--json', 'known-twin']).stdout;
      }
      const { id, pid, created, started, ...rest } = [JSON.parse(text)].flat()[0];
      expect(findLeftovers().processes).toContain(`coracle: container ${id}`);
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      expect(code).toBe(143);
      return JSON.parse(JSON.stringify(rest).replaceAll(id, 'ID'));
    };
    const first = await tell();
    const place = placeOf(STATE_ROOT, { words: words.slice(1), cwd: process.cwd() });
    const kept = statSync(place).mtimeMs;
    expect(await tell()).toEqual(first);
    expect(statSync(place).mtimeMs).toBe(kept); // nobody has planned it anew
  });

  test('nothing of it is left when the command is killed', async () => {
    const words = ['run', '-q', 'sleep', '60'];
    const ends = [await killed(words), await killed(words)];
    expect(ends).toEqual(['SIGKILL', 'SIGKILL']);
    expect(existsSync(placeOf(STATE_ROOT, { words: words.slice(1), cwd: process.cwd() }))).toBe(true);
    await until(() => recordedContainers().length === 0, 'the end of the container');
  });

  async function killed(words: readonly string[]): Promise<unknown> {
    const child = spawn(command.path, words, { stdio: 'ignore' });
    await until(() => recordedContainers().length > 0, 'a container');
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill('SIGKILL');
    return (await once(child, 'exit'))[1];
  }

  test('is planned anew where the host is not what it was', () => {
    const words = ['run', '-q', '--rootfs', rootfs.path, 'cat', '/etc/hostname'];
    rmSync(join(rootfs.path, 'etc/hostname'), { force: true });
    expect(command.run(words).stderr).toContain("can't open");
    expect(again(words).stderr).toContain("can't open");
    writeFileSync(join(rootfs.path, 'etc/hostname'), 'of the root\n');
    try {
      expect(again(words).stderr).toContain(NOT_KNOWN);
      expect(command.run(words).stdout).toMatch(/^[0-9a-f]{12}\n$/);
    } finally {
      rmSync(join(rootfs.path, 'etc/hostname'));
    }
  });

  test('says what is wrong where it cannot be made any more', () => {
    const volume = mkdtempSync(join(tmpdir(), 'coracle-known-'));
    const words = ['run', '-q', '-v', `${volume}:/mnt`, '--rootfs', rootfs.path, '/bin/gone'];
    const program = join(rootfs.path, 'bin/gone');
    copyFileSync(join(rootfs.path, 'bin/busybox'), program);
    writeFileSync(program, '#!/bin/sh\necho here\n', { mode: 0o755 });
    try {
      // The first makes the mountpoint in the root, which is another one then.
      for (let times = 0; times < 2; times++) expect(command.run(words).stdout).toBe('here\n');
      expect(again(words).stdout).toBe('here\n');
      rmSync(program);
      const { status, stderr } = command.run(words);
      expect(status).toBe(127);
      expect(stderr).toContain('/bin/gone');
      writeFileSync(program, '#!/bin/sh\necho here\n', { mode: 0o755 });
      rmSync(volume, { recursive: true });
      const missing = command.run(words);
      expect(missing.status).toBe(125);
      expect(missing.stderr).toContain(volume);
    } finally {
      rmSync(volume, { recursive: true, force: true });
      rmSync(program, { force: true });
    }
  });

  test('is for the same words, directory and caller alone', () => {
    const words = ['run', '-q', '--rootfs', '.', 'echo', 'here'];
    expect(command.run(words, { cwd: rootfs.path }).stdout).toBe('here\n');
    expect(again(words, { cwd: rootfs.path }).stdout).toBe('here\n');
    const other = makeBusyboxRootfs();
    try {
      expect(again(words, { cwd: other.path }).stderr).toContain(NOT_KNOWN);
      expect(again([...words, 'and'], { cwd: rootfs.path }).stderr).toContain(NOT_KNOWN);
    } finally {
      other[Symbol.dispose]();
    }
  });

  test.each([
    ['an environment', ['run', '-q', '-e', 'SECRET=1', 'true']],
    ['an environment from a file', ['run', '-q', '--env-file', '/dev/null', 'true']],
    ['user ids of its own', ['run', '-q', '--userns', 'auto', 'true']],
    ['a time limit', ['run', '-q', '--timeout', '1m', 'true']],
    ['a user who is looked up', ['run', '-q', '-u', 'root', 'true']],
    ['a terminal', ['run', '-q', '-t', 'true']],
    ['the name of the host', ['run', '-q', '--network', 'host', 'true']],
  ])('is none with %s', (_, words) => {
    expect(command.run(words)).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(STATE_ROOT).filter((name) => name.includes('start-'))).toEqual([]);
  });

  test.each<[string, (place: string) => void]>([
    ['cut off', (place) => truncateSync(place, 20_000)],
    ['cut off in its head', (place) => truncateSync(place, 100)],
    ['empty', (place) => truncateSync(place, 0)],
    ['something else', (place) => writeFileSync(place, 'null\n')],
    [
      'a directory',
      (place) => {
        rmSync(place);
        mkdirSync(place);
      },
    ],
  ])('is planned where what was kept is %s', (_, spoil) => {
    const words = ['run', '-q', 'echo', 'here'];
    const place = placeOf(STATE_ROOT, { words: words.slice(1), cwd: '/' });
    expect(command.run(words).stdout).toBe('here\n');
    spoil(place);
    try {
      expect(command.run(words)).toMatchObject({ stdout: 'here\n', stderr: '', status: 0 });
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });

  test('is told of when the kernel ends something in it for want of memory', () => {
    const words = ['run', '-m', '16m', 'sh', '-c', 'tail /dev/zero; exit 3'];
    const first = command.run(words);
    expect(first.stderr).toContain('for want of memory');
    const second = again(words);
    expect([second.status, second.stderr]).toEqual([first.status, first.stderr]);
  });

  test('is made beside other containers, and may be known from there', async () => {
    const words = ['run', '-q', 'echo', 'here'];
    const child = spawn(command.path, ['run', '-q', '--init', '--name', 'known-other', 'sleep', '60'], {
      stdio: 'ignore',
    });
    try {
      await until(() => recordedContainers().length > 0, 'a container');
      expect(command.run(words).stdout).toBe('here\n');
      expect(again(words).stdout).toBe('here\n');
    } finally {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  });

  test.each([['c0ffee000000'], ['.c0ffee000000']])('is planned where %s was left, which goes with it', (left) => {
    const words = ['run', '-q', 'echo', 'here'];
    expect(command.run(words).stdout).toBe('here\n');
    mkdirSync(join(STATE_ROOT, left));
    utimesSync(join(STATE_ROOT, left), 0, 0);
    expect(again(words).stderr).toContain(NOT_KNOWN);
    expect(command.run(words).stdout).toBe('here\n');
    expect(existsSync(join(STATE_ROOT, left))).toBe(false);
  });
});
