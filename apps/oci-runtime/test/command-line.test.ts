import { OCI_VERSION } from '@coracle/oci-spec';
import { expect, test } from '@jest/globals';
import { type OptionRow, onlyId, parseCommandLine } from '../src/command-line.ts';
import { execProcess } from '../src/exec-process.ts';
import { GLOBAL_OPTIONS, settingsOf } from '../src/global-options.ts';
import { describeError, formatLine } from '../src/log.ts';
import { nameOfUser } from '../src/name-of-user.ts';
import { table } from '../src/output.ts';
import { RESOURCE_OPTIONS, wantedResources } from '../src/resource-options.ts';
import { signalNumber } from '../src/signal-number.ts';
import { statsDocument } from '../src/stats-document.ts';
import { subgroupsOf } from '../src/subgroups-of.ts';

const ROWS: OptionRow[] = [
  { long: 'force', short: 'f', help: '' },
  { long: 'bundle', short: 'b', value: 'DIR', help: '' },
  { long: 'env', short: 'e', value: 'NAME=VALUE', many: true, help: '' },
];

test('options stand before the first word, and what follows is not looked at', () => {
  const { options, words } = parseCommandLine(
    ['-f', '--bundle=/b', '-e', 'A=1', '--env', 'B=2', 'box', '--force', '-x'],
    ROWS,
  );
  expect([options.has('force'), options.text('bundle'), options.list('env'), words]).toEqual([
    true,
    '/b',
    ['A=1', 'B=2'],
    ['box', '--force', '-x'],
  ]);
  expect(parseCommandLine(['--force=false', '--', '-f'], ROWS).options.has('force')).toBe(false);
  expect(parseCommandLine(['--', '-f'], ROWS).words).toEqual(['-f']);
});

test('letters may be written together, and a value in the same word', () => {
  const { options, words } = parseCommandLine(
    ['-ffb/b', '-eA=1', '-e', '-B', '--env=', '--env', '--', '-', 'box'],
    ROWS,
  );
  expect([options.has('force'), options.text('bundle'), options.list('env'), words]).toEqual([
    true,
    '/b',
    ['A=1', '-B', '', '--'],
    ['-', 'box'],
  ]);
  expect(() => parseCommandLine(['-fx'], ROWS)).toThrow('there is no option -x');
  expect(() => parseCommandLine(['-fb'], ROWS)).toThrow('-b needs a value');
});

test('options stand behind the id of a container too, where no program follows', () => {
  const { options, words } = parseCommandLine(['box', '--bundle', '/b', 'KILL', '-f', '--', '--env'], ROWS, {
    anywhere: true,
  });
  expect([options.text('bundle'), options.has('force'), words]).toEqual(['/b', true, ['box', 'KILL', '--env']]);
  expect(() => parseCommandLine(['box', '--forse'], ROWS, { anywhere: true })).toThrow('there is no option --forse');
});

test('a command is asked for its options, and a program in the container for its own', () => {
  for (const word of ['-h', '--help'])
    expect(() => parseCommandLine(['-f', word], ROWS)).toThrow(
      expect.objectContaining({ name: 'HelpRequest', rows: ROWS }),
    );
  expect(parseCommandLine(['box', 'ls', '--help'], ROWS).words).toEqual(['box', 'ls', '--help']);
});

test('what cannot be meant is told, with what may have been', () => {
  expect(() => parseCommandLine(['--forse'], ROWS)).toThrow('there is no option --forse');
  expect(() => parseCommandLine(['--bundle'], ROWS)).toThrow('--bundle needs a value');
  expect(() => onlyId([], 'start')).toThrow('start needs the id of a container');
  expect(() => onlyId(['a', 'b'], 'start')).toThrow('there is also "b"');
  const { options } = parseCommandLine(['--bundle', '-1'], ROWS);
  expect(() => options.count('bundle')).toThrow('--bundle needs a number, and not "-1"');
});

const settings = (
  words: string[],
  caller: Partial<Parameters<typeof settingsOf>[1]> = {},
): ReturnType<typeof settingsOf> =>
  settingsOf(parseCommandLine(words, GLOBAL_OPTIONS).options, {
    uid: 0,
    isInUserNamespace: false,
    environment: {},
    ...caller,
  });

test('the state root is that of the user', () => {
  const environment = { XDG_RUNTIME_DIR: '/run/user/1000' };
  expect(settings([], { environment }).root).toBe('/run/coracle-oci');
  expect(settings([], { uid: 1000, environment }).root).toBe('/run/user/1000/coracle-oci');
  expect(settings([], { isInUserNamespace: true, environment }).root).toBe('/run/user/1000/coracle-oci');
  expect(settings([], { uid: 1000 }).root).toBe('/tmp/coracle-oci-1000');
  expect(settings(['--root', '/elsewhere'], { environment }).root).toBe('/elsewhere');
});

test('logging is as asked for', () => {
  expect(settings(['--log', '/l', '--log-format', 'json', '--debug']).log).toEqual({
    file: '/l',
    format: 'json',
    debug: true,
  });
  expect(() => settings(['--log-format', 'xml'])).toThrow('--log-format is text or json');
  expect(() => settings(['--rootless', 'perhaps'])).toThrow('--rootless is true, false or auto');
});

test('a line of the log has what engines look for', () => {
  const line = { level: 'error', message: 'no "such"\nthing', at: '2026-11-26T00:00:00Z' } as const;
  expect(JSON.parse(formatLine(line, 'json'))).toEqual({ level: 'error', msg: 'no "such"\nthing', time: line.at });
  expect(formatLine(line, 'text')).toBe('time="2026-11-26T00:00:00Z" level=error msg="no \\"such\\"\\nthing"');
  const evil = { ...line, message: '\u202eno\u009b31m\u2028such🛶' };
  expect(formatLine(evil, 'text')).toMatch(/msg="\\u202eno\\u009b31m\\u2028such🛶"$/);
});

test('an error is told in one line with its hint, and engines see that a program is not there', () => {
  const absent = Object.assign(new Error('ENOENT: gone'), {
    name: 'ProgramError',
    exitCode: 127,
    isAbsent: true,
    path: 'x',
    hint: 'look',
  });
  // Jest's realms have an Error each; the command has one.
  expect(describeError(absent)).toBe('exec: "x": executable file not found in $PATH: ENOENT: gone; look');
  const words = 'exec: "/x/y": stat /x/y: no such file or directory: ENOENT: gone; look';
  expect(describeError(Object.assign(absent, { path: '/x/y' }))).toBe(words);
  const withoutInterpreter = Object.assign(absent, { isAbsent: false, path: 'x' });
  expect(describeError(withoutInterpreter)).toBe('exec x: no such file or directory: ENOENT: gone; look');
  expect(describeError(Object.assign(absent, { exitCode: 126 }))).toMatch(/^exec: "x": permission denied: /);
  expect(describeError('odd')).toBe('odd');
});

test('signals go by name and by number', () => {
  const known: [string, number | undefined][] = [
    ['TERM', 15],
    ['SIGTERM', 15],
    ['term', 15],
    ['9', 9],
    ['0', 0],
    ['64', 64],
    ['SIGRTMIN+3', 37],
    ['RTMAX-1', 63],
  ];
  for (const [name, number] of known) expect([name, signalNumber(name)]).toEqual([name, number]);
  for (const name of ['65', 'NOTHING', '', 'SIGRTMIN-1', '-9']) expect(signalNumber(name)).toBeUndefined();
});

test('limits come from options or from a file, and only those that are meant', () => {
  const of = (...words: string[]): unknown => wantedResources(parseCommandLine(words, RESOURCE_OPTIONS).options);
  expect(of('--memory', '1048576', '--cpu-share=2', '--cpuset-cpus', '0-1')).toEqual({
    memory: { limit: 1048576 },
    cpu: { shares: 2, cpus: '0-1' },
  });
  expect(of('--memory-swap=-1')).toEqual({ memory: { swap: -1 } });
  expect(() => of()).toThrow('told of no limit');
  for (const text of ['64m', '64M', '65536kb', '64 MiB', '67108864b'])
    expect(of('--memory', text)).toEqual({ memory: { limit: 67_108_864 } });
  expect(of('--memory', '1.5g')).toEqual({ memory: { limit: 1_610_612_736 } });
  for (const text of ['m', '1x', '-1m', '5ib', '', '1 000', '9000000p'])
    expect(() => of('--memory', text)).toThrow('needs a number');
  expect(() => of('--pids-limit', '1k')).toThrow('--pids-limit needs a number');
  for (const neither of ['-1', '2']) expect(() => of('--cpu-idle', neither)).toThrow('cpu.idle must be');
});

test('groups below that of a container are one for all hierarchies, or one for each of some', () => {
  expect(subgroupsOf([])).toEqual([]);
  expect(subgroupsOf(['workers/one'])).toEqual([{ path: 'workers/one' }]);
  expect(subgroupsOf(['cpu,cpuacct:a', 'pids:b'])).toEqual([
    { controllers: ['cpu', 'cpuacct'], path: 'a' },
    { controllers: ['pids'], path: 'b' },
  ]);
  for (const wrong of [['a', 'b'], ['pids:a', 'b'], ['pids:a', 'cpu,pids:b'], ['a:b:c'], [''], ['pids:']])
    expect(() => subgroupsOf(wrong)).toThrow(expect.objectContaining({ name: 'UsageError' }));
});

test('a further program is as the first one, but for what is said', () => {
  const config = {
    ociVersion: OCI_VERSION,
    root: { path: 'r' },
    process: {
      terminal: true,
      cwd: '/',
      user: { uid: 1, gid: 2 },
      args: ['sh'],
      env: ['A=1'],
      capabilities: { bounding: ['CAP_KILL'] },
    },
  };
  const rows: OptionRow[] = ['user', 'cwd', 'env', 'cap', 'additional-gids', 'process'].map((long) => ({
    long,
    value: 'X',
    many: true,
    help: '',
  }));
  const of = (...words: string[]): unknown =>
    execProcess(parseCommandLine(words, [...rows, { long: 'tty', help: '' }]), () => config);
  expect(of('box', 'ls', '-l')).toEqual({
    id: 'box',
    process: {
      cwd: '/',
      user: { uid: 1, gid: 2 },
      args: ['ls', '-l'],
      env: ['A=1'],
      capabilities: { bounding: ['CAP_KILL'] },
    },
  });
  expect(
    of(
      '--user',
      '5:6',
      '--additional-gids',
      '7,8',
      '--env',
      'B=2',
      '--cwd',
      '/tmp',
      '--cap',
      'CHOWN',
      '--tty',
      'box',
      'ls',
    ),
  ).toMatchObject({
    process: {
      terminal: true,
      cwd: '/tmp',
      user: { uid: 5, gid: 6, additionalGids: [7, 8] },
      env: ['A=1', 'B=2'],
      capabilities: { bounding: ['CAP_KILL', 'CAP_CHOWN'], effective: ['CAP_CHOWN'], permitted: ['CAP_CHOWN'] },
    },
  });
  expect(() => of('box')).toThrow('no program to run');
  expect(() => of('--user', 'alice', 'box', 'ls')).toThrow('--user takes numbers, and not "alice"');
});

test('statistics have the names that runc has for them', () => {
  const document = statsDocument({
    atNanoseconds: 0n,
    cpu: { usageNanoseconds: 5n },
    memory: { currentBytes: 7n, limitBytes: 'max' },
    pids: { current: 2n, limit: 20n },
  });
  expect(document).toMatchObject({
    cpu: { usage: { total: 5 } },
    memory: { usage: { usage: 7, limit: 2 ** 63 } },
    pids: { current: 2, limit: 20 },
  });
  const io = {
    readBytes: 1n,
    writtenBytes: 2n,
    discardedBytes: 0n,
    readOperations: 3n,
    writeOperations: 4n,
    discardOperations: 0n,
  };
  expect(statsDocument({ atNanoseconds: 0n, io: { ...io, devices: { '8:16': io } } })).toMatchObject({
    blkio: {
      ioServiceBytesRecursive: [
        { major: 8, minor: 16, op: 'Read', value: 1 },
        { op: 'Write', value: 2 },
        { op: 'Discard', value: 0 },
      ],
    },
  });
});

test('tables are as wide as what stands in them', () => {
  expect(
    table([
      ['ID', 'PID'],
      ['longer', '1'],
    ]),
  ).toBe('ID       PID\nlonger   1\n');
});

test('users have names where they have a line', () => {
  expect([nameOfUser(0, 'root:x:0:0::/:/bin/sh\n'), nameOfUser(7, 'root:x:0:0::/:/bin/sh\n')]).toEqual(['root', '7']);
});
