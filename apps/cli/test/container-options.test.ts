import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseArguments } from '../src/arguments.ts';
import { containerOptions } from '../src/container-options.ts';
import { CONTAINER_OPTIONS } from '../src/option-table.ts';

const read = (args: string[], env: Record<string, string> = {}): ReturnType<typeof containerOptions> => {
  const { options, words } = parseArguments([...args, 'prog'], CONTAINER_OPTIONS);
  return containerOptions(options, words, { env });
};

describe('containerOptions', () => {
  test('what is not given is left to the library', () => {
    const options = read([]);
    expect(options).toMatchObject({ command: ['prog'], limits: {}, env: {}, volumes: [], tmpfs: [] });
    expect(options).not.toHaveProperty('root');
    expect(options).not.toHaveProperty('hostname');
  });

  test('variables are given, inherited, or read from a file; the later one wins', () => {
    const directory = mkdtempSync(join(tmpdir(), 'env-'));
    const file = join(directory, 'env');
    writeFileSync(file, '# a comment\nA=file\n\n  B="quoted"\r\nINHERITED\nABSENT\n');
    expect(read(['--env-file', file, '-e', 'A=given', '-e', 'E='], { INHERITED: 'yes' }).env).toEqual({
      A: 'given',
      B: '"quoted"',
      INHERITED: 'yes',
      E: '',
    });
    rmSync(directory, { recursive: true });
  });

  test.each([
    ['A=1\n=2\n', ":2: '' cannot be the name of a variable"],
    ['# c\n\nMY NAME=x\n', ":3: 'MY NAME' cannot be the name of a variable"],
    [Buffer.of(0x41, 0x3d, 0xff), ': not text in UTF-8'],
    ['A=1\nB=a\0b\n', ':2: holds a NUL, which no variable can'],
  ])('an environment file of %p is refused, and its line named', (content, message) => {
    const directory = mkdtempSync(join(tmpdir(), 'env-'));
    const file = join(directory, 'env');
    writeFileSync(file, content);
    expect(() => read(['--env-file', file])).toThrow(`--env-file ${file}${message}`);
    rmSync(directory, { recursive: true });
  });

  test('the mark by which some editors begin a file is not part of a name', () => {
    const directory = mkdtempSync(join(tmpdir(), 'env-'));
    const file = join(directory, 'env');
    writeFileSync(file, '\uFEFFA=1\n');
    expect(read(['--env-file', file]).env).toEqual({ A: '1' });
    rmSync(directory, { recursive: true });
  });

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('%s is a variable like others', (name) => {
    expect(Object.entries(read(['-e', name]).env ?? {})).toEqual([]);
    expect(Object.entries(read(['-e', name], process.env as Record<string, string>).env ?? {})).toEqual([]);
    expect(Object.entries(read(['-e', `${name}=x`]).env ?? {})).toEqual([[name, 'x']]);
  });

  test('volumes have a source, a target and perhaps a mode', () => {
    expect(read(['-v', '/a:/b', '-v', './c:/d:ro', '-v', '/e:/f:rw']).volumes).toEqual([
      { source: '/a', target: '/b' },
      { source: './c', target: '/d', readOnly: true },
      { source: '/e', target: '/f', readOnly: false },
    ]);
  });

  test('a tmpfs has a target and perhaps options', () => {
    expect(read(['--tmpfs', '/a', '--tmpfs', '/b:size=1m,mode=700']).tmpfs).toEqual([
      { target: '/a' },
      { target: '/b', options: ['size=1m', 'mode=700'] },
    ]);
  });

  test('the long form of a mount is a volume or a tmpfs, beside the short ones', () => {
    const options = read(['--mount', 'type=bind,src=/a,dst=/b,ro', '--mount', 'type=tmpfs,dst=/c', '-v', '/d:/e']);
    expect(options.volumes).toEqual([
      { source: '/d', target: '/e' },
      { source: '/a', target: '/b', readOnly: true },
    ]);
    expect(options.tmpfs).toEqual([{ target: '/c' }]);
  });

  test('whose user ids it has is a word, or says what you are inside', () => {
    expect(read([])).not.toHaveProperty('userNamespace');
    expect(read(['--userns', 'host']).userNamespace).toBe('host');
    expect(read(['--userns=keep-id:uid=33,gid=44']).userNamespace).toEqual({ mode: 'keep-id', uid: 33, gid: 44 });
    expect(read(['-v', '/a:/b:idmap', '--mount', 'type=bind,src=/a,dst=/c,idmap']).volumes).toEqual([
      { source: '/a', target: '/b', idmap: true },
      { source: '/a', target: '/c', idmap: true },
    ]);
  });

  test('a root may be laid over', () => {
    expect(read(['--rootfs', './r']).root).toBe('./r');
    expect(read(['--rootfs', './r:O']).root).toEqual({ path: './r', overlay: true });
    expect(read(['--rootfs', 'host']).root).toBe('./host');
  });

  test.each([
    [['--memory-swap', '1g'], { memoryWithSwap: '1g' }],
    [['--memory-swap=max'], { memoryWithSwap: 'max' }],
    [['--memory-swap', '-1'], { memoryWithSwap: 'max' }],
    [['--memory-swap=0'], {}],
  ])('%j says what memory and swap may be together, as Docker has it', (args, limits) => {
    expect(read(['-m', '64m', ...args]).limits).toEqual({ memory: '64m', ...limits });
  });

  test.each(['max', '-1', '0'])('--pids-limit=%s lifts the limit', (text) => {
    expect(read([`--pids-limit=${text}`]).limits).toEqual({ pids: 'max' });
  });

  test('resource limits are read', () => {
    expect(read(['--ulimit', 'nofile=10', '--ulimit', 'core=unlimited']).rlimits).toEqual({ nofile: 10, core: 'max' });
  });

  test.each([
    ['nofile=100:200', { soft: 100, hard: 200 }],
    ['nofile=100:-1', { soft: 100, hard: 'max' }],
    ['nofile=100:unlimited', { soft: 100, hard: 'max' }],
    ['nofile=1024', 1024],
    ['nofile=0', 0],
    ['nofile=-1', 'max'],
    ['nofile=unlimited', 'max'],
  ])('--ulimit %s, as Docker has it, is understood', (text, limit) => {
    expect(read(['--ulimit', text]).rlimits).toEqual({ nofile: limit });
  });

  test.each(['nofile=', 'nofile=:200', 'nofile=100:', 'nofile=1:2:3', 'nofile=-2', '=1', 'nofile=1k'])(
    '--ulimit %s is refused, and both forms are shown',
    (text) => {
      expect(() => read(['--ulimit', text])).toThrow(
        expect.objectContaining({
          message: `--ulimit ${text}: cannot be read`,
          hint: expect.stringContaining('nofile=1024:4096'),
        }),
      );
    },
  );

  test.each([
    [['--volume', '/a'], '--volume /a: not SRC:DST'],
    [['--volume', '/a:/b:rx'], "there is no option 'rx'"],
    [['--volume', 'name:/b'], "'name' is no path"],
    [['--volume', '/a:/b:ro:z'], 'too many colons'],
    [['--mount', 'type=bind,src=/a,dst=/b,sice=1'], "there is no key 'sice'"],
    [['--mount', 'type=volume,src=data,dst=/b'], 'do not exist yet'],
    [['--tmpfs', '/a:sice=1m'], "a tmpfs has no option 'sice'"],
    [['--cpus', 'half'], '--cpus half: not a number'],
    [['--pids-limit', '2e3'], '--pids-limit 2e3: not a number'],
    [['-e', ''], "--env '': no variable is named"],
    [['--env', '=x'], "--env '=x': no variable is named"],
    [['--ulimit', 'nofile'], '--ulimit nofile: cannot be read'],
    [['--userns', 'private'], "--userns private: there is no mode 'private'"],
    [['--network', 'bridge'], '--network bridge: there are only none and host'],
    [['--env-file', '/no/such/file'], '--env-file /no/such/file: ENOENT'],
    [['--rootfs', ''], '--rootfs needs a directory'],
  ])('%p is refused with the reason and a way out', (args, message) => {
    expect(() => read(args)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message), hint: expect.any(String) }),
    );
  });
});
