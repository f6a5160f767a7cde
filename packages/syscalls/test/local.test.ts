import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AT,
  clone3,
  close,
  execve,
  flags,
  futex,
  mkdirat,
  OPEN,
  openat,
  openat2,
  output,
  REPORT,
  RESOLVE,
  read,
  resultOf,
  runLocally,
  STATX,
  type Step,
  SyscallError,
  statx,
  step,
  symlinkat,
  unlinkat,
  write,
} from '@coracle/syscalls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-local-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const here = (name: string): string => join(directory, name);
const opened = (name: string, result: string): Step =>
  openat({ path: here(name), flags: flags(OPEN, 'O_RDONLY') }, { why: `open ${name}`, result });

test('a call is made and its result comes back', () => {
  const outcome = runLocally([step('getpid', [], { why: 'learn who we are', result: 'pid' })]);
  expect(outcome.result('pid')).toBe(process.pid);
});

test('files are made as the steps say', () => {
  runLocally([
    mkdirat({ path: here('made'), mode: 0o700 }, 'make a directory'),
    symlinkat({ target: 'made', path: here('link') }, 'link to it'),
  ]).throwIfFailed();
  expect(statSync(here('link')).isDirectory()).toBe(true);
  expect(statSync(here('made')).mode & 0o777).toBe(0o700);
});

test('results of earlier steps are arguments of later ones', () => {
  const outcome = runLocally([
    openat(
      { path: here('file'), flags: flags(OPEN, 'O_CREAT', 'O_WRONLY'), mode: 0o600 },
      { why: 'a', result: 'file' },
    ),
    write({ fd: resultOf('file'), data: 'zürich' }, { why: 'b', result: 'written' }),
    close(resultOf('file'), 'c'),
  ]);
  outcome.throwIfFailed();
  expect(outcome.result('written')).toBe(7);
  expect(readFileSync(here('file'), 'utf8')).toBe('zürich');
});

test('what the kernel writes comes back', () => {
  writeFileSync(here('file'), 'hello');
  const outcome = runLocally([
    opened('file', 'file'),
    read({ fd: resultOf('file'), into: output('text', 64) }, { why: 'b', result: 'length' }),
    close(resultOf('file'), 'c'),
  ]);
  expect(Buffer.from(outcome.output('text').subarray(0, outcome.result('length'))).toString()).toBe('hello');
});

test('structures reach the kernel: openat2 keeps inside its root', () => {
  runLocally([symlinkat({ target: '/etc/passwd', path: here('out') }, 'lead astray')]).throwIfFailed();
  const outcome = runLocally([
    opened('.', 'root'),
    openat2(
      {
        dir: resultOf('root'),
        path: 'out',
        flags: flags(OPEN, 'O_RDONLY'),
        resolve: flags(RESOLVE, 'RESOLVE_IN_ROOT'),
      },
      { why: 'stay inside', tolerate: ['ENOENT'], result: 'inside' },
    ),
    close(resultOf('root'), 'c'),
  ]);
  expect(outcome.results[1]).toBe(-2);
});

test('the report so far is memory of its own program', () => {
  const outcome = runLocally([
    step('getpid', [], { why: 'a', result: 'pid' }),
    openat(
      { path: here('file'), flags: flags(OPEN, 'O_CREAT', 'O_WRONLY'), mode: 0o600 },
      { why: 'b', result: 'file' },
    ),
    step('write', [resultOf('file'), REPORT, 8], 'c'),
    close(resultOf('file'), 'd'),
  ]);
  outcome.throwIfFailed();
  expect(readFileSync(here('file')).readBigInt64LE(0)).toBe(BigInt(process.pid));
});

test('a program goes on where a file is what it is expected to be, and ends where it is not', () => {
  const seen = output('stat', STATX.length);
  const minor = (expected: number): Step[] => [
    statx({ path: '/dev/null', into: seen }, 'see what it is'),
    futex(
      { word: { ...seen, at: STATX.mode }, expected: statSync('/dev/null').mode },
      'make sure that it is a device for all',
    ),
    futex({ word: { ...seen, at: STATX.rdevMajor }, expected: 1 }, 'make sure that it is one of memory'),
    futex({ word: { ...seen, at: STATX.rdevMinor }, expected: expected }, 'make sure that it is this one'),
  ];
  expect(runLocally(minor(3)).failure).toBeUndefined();
  expect(runLocally(minor(5)).failure).toMatchObject({ errno: -11, step: { why: 'make sure that it is this one' } });
});

describe('a failure', () => {
  test('ends the program and names its step', () => {
    const outcome = runLocally([
      mkdirat({ path: here('a/b') }, 'make a directory'),
      mkdirat({ path: here('never') }, 'make another'),
    ]);
    expect(outcome.results).toEqual([-2, undefined]);
    expect(existsSync(here('never'))).toBe(false);
    expect(() => outcome.throwIfFailed()).toThrow(SyscallError);
    expect(() => outcome.throwIfFailed()).toThrow(
      `ENOENT: no such file or directory, mkdirat '${here('a/b')}' (0755): could not make a directory`,
    );
  });

  test('that is tolerated does not', () => {
    const make = mkdirat({ path: here('made') }, { why: 'make it', tolerate: ['EEXIST'] });
    const outcome = runLocally([make, make, mkdirat({ path: here('made/next') }, 'go on')]);
    expect(outcome.results).toEqual([0, -17, 0]);
    expect(outcome.failure).toBeUndefined();
  });

  test('that is tolerated passes over the steps that need its result', () => {
    const outcome = runLocally([
      { ...opened('gone', 'file'), tolerate: ['ENOENT'] },
      write({ fd: resultOf('file'), data: 'x' }, 'write'),
      mkdirat({ path: here('next') }, 'go on'),
    ]);
    expect(outcome.results).toEqual([-2, -2, 0]);
    expect(outcome.failure).toBeUndefined();
  });

  test('that is tolerated passes over the steps that need it without taking its result', () => {
    const outcome = runLocally([
      { ...opened('gone', 'file'), tolerate: ['ENOENT'] },
      mkdirat({ path: here('needy') }, { why: 'have a directory for it', needs: 'file' }),
      mkdirat({ path: here('next') }, 'go on'),
    ]);
    expect(outcome.results).toEqual([-2, -2, 0]);
    expect(outcome.failure).toBeUndefined();
    expect(existsSync(here('needy'))).toBe(false);
  });

  test('is followed by the steps of the end, which may fail as they like', () => {
    const outcome = runLocally({
      steps: [
        mkdirat({ path: here('made') }, 'make it'),
        mkdirat({ path: here('a/b') }, 'fail'),
        step('getpid', [], 'no'),
      ],
      finally: [
        unlinkat({ path: here('gone') }, 'fail too'),
        unlinkat({ path: here('made'), flags: flags(AT, 'AT_REMOVEDIR') }, 'undo it'),
      ],
    });
    expect(outcome.results).toEqual([0, -2, undefined, -2, 0]);
    expect(outcome.failure?.step.why).toBe('fail');
    expect(existsSync(here('made'))).toBe(false);
  });
});

test('the steps of the end are taken after success as well', () => {
  const outcome = runLocally({
    steps: [mkdirat({ path: here('made') }, 'make it')],
    finally: [unlinkat({ path: here('made'), flags: flags(AT, 'AT_REMOVEDIR') }, 'undo it')],
  });
  expect(outcome.results).toEqual([0, 0]);
});

describe('is refused before anything is run:', () => {
  const first = (): Step => mkdirat({ path: here('never') }, 'be seen');
  afterEach(() => expect(existsSync(here('never'))).toBe(false));

  test.each<[string, Step]>([
    ['clone3', clone3({ flags: 0 }, 'have a child')],
    ['execve', execve({ path: '/bin/true', argv: ['true'], env: [] }, 'become another')],
    ['fork', step('fork', [], 'have a child')],
    ['vfork', step('vfork', [], 'have a child')],
    ['reap_children', step('reap_children', [1], 'stay')],
  ])('%s', (name, refused) => {
    expect(() => runLocally([first(), refused])).toThrow(
      new TypeError(`${name} (${refused.why}): only the agent can make this call`),
    );
    expect(() => runLocally({ steps: [first()], finally: [refused] })).toThrow(TypeError);
  });

  test('a step for the child alone', () => {
    expect(() => runLocally([first(), step('getpid', [], { why: 'be', only: 'child' })])).toThrow(
      new TypeError('getpid (be): there is no child in this thread'),
    );
  });
});
