import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CommandCopy,
  copyCommand,
  findLeftovers,
  makeBusyboxRootfs,
  needs,
  PLAIN_USER,
} from '@coracle/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

let coracle: CommandCopy;
let before: ReturnType<typeof findLeftovers>;
beforeAll(() => {
  before = findLeftovers();
  coracle = copyCommand();
});
afterAll(() => {
  coracle[Symbol.dispose]();
  expect(findLeftovers()).toEqual(before);
});

const busybox = needs.test(needs.program('busybox'));
let rootfs: ReturnType<typeof makeBusyboxRootfs>;
beforeEach(() => {
  if (needs.program('busybox').met) rootfs = makeBusyboxRootfs();
});
afterEach(() => rootfs?.[Symbol.dispose]());

const at = (path: string): string => join(rootfs.path, path);
const fifo = (path: string, mode = 0o644): void => {
  spawnSync('mkfifo', [at(path)]);
  chmodSync(at(path), mode);
};

/** Everybody who starts containers here: the same sentence for all of them. */
const USERS = process.geteuid?.() === 0 ? [undefined, PLAIN_USER] : [undefined];

/** The exit code and the error, which is one line, perhaps with a hint below. */
function said(args: readonly string[], options: { uid?: number } = {}): string {
  const { status, signal, stderr } = coracle.run(['run', ...args], options);
  expect(signal).toBeNull(); // it has ended by itself
  expect(stderr).toMatch(/^coracle: [^\n]*\n( {2}hint: [^\n]*\n)?$/);
  expect(stderr).not.toMatch(/TypeError|RangeError|undefined|\bat .*:\d+:\d+/);
  return `${status} ${stderr.slice('coracle: '.length)}`;
}

/** For every user the same. */
function expectOfAll(args: readonly string[], expected: RegExp): void {
  for (const uid of USERS) expect(said(args, uid === undefined ? {} : { uid })).toMatch(expected);
}

describe('a root built to hurt keeps nobody waiting, and is told of in a line:', () => {
  const start = (...words: string[]): string[] => ['--quiet', '--rootfs', rootfs.path, ...words];

  busybox('what cannot be a program', () => {
    fifo('bin/fifo', 0o755);
    mkdirSync(at('bin/directory'));
    symlinkSync('loop', at('bin/loop'));
    writeFileSync(at('bin/noise'), Buffer.alloc(5000, 0xe7), { mode: 0o755 });
    writeFileSync(at('bin/sparse'), '', { mode: 0o755 });
    truncateSync(at('bin/sparse'), 200 * 2 ** 30);
    expectOfAll(start('fifo'), /^126 EACCES/);
    expectOfAll(start('directory'), /^126 EACCES/);
    expectOfAll(start('loop'), /^12[67] ELOOP/);
    expectOfAll(start('noise'), /^126 ENOEXEC/);
    expectOfAll(start('/bin/sparse'), /^126 ENOEXEC/);
    expectOfAll(start(`/${'x'.repeat(4094)}`), /^12[67] ENAMETOOLONG/);
    expect(said(start('x'.repeat(100_000)))).toMatch(/^12[67] ENAMETOOLONG/);
  });

  const PASSWORD_FILES: readonly (readonly [what: string, make: () => void, expected: RegExp])[] = [
    ['a fifo', () => fifo('etc/passwd'), /^125 EINVAL.*regular file/],
    ['a directory', () => mkdirSync(at('etc/passwd')), /^125 EISDIR/],
    ['a circle of links', () => symlinkSync('passwd', at('etc/passwd')), /^125 ELOOP/],
    [
      'a link out of the root',
      () => symlinkSync('/proc/self/fd/0', at('etc/passwd')),
      /^125 (ELOOP|the container|no user|ENOENT)/,
    ],
    [
      'gigabytes',
      () => {
        writeFileSync(at('etc/passwd'), 'bob:x:1:1::/:/bin/sh\n');
        truncateSync(at('etc/passwd'), 20 * 2 ** 30);
      },
      /^125 EFBIG/,
    ],
    ['binary', () => writeFileSync(at('etc/passwd'), Buffer.from([...Array(9000).keys()])), /^125 no user 'bob'/],
    [
      'with a NUL in the home of the user',
      () => writeFileSync(at('etc/passwd'), 'bob:x:0:0::/root\0LD_PRELOAD=/evil.so:/bin/sh\n'),
      /^125 .*NUL/,
    ],
    [
      'with ids that are none',
      () => writeFileSync(at('etc/passwd'), 'bob:x:-1:1e3::/:/bin/sh\n'),
      /^125 .*not a number/,
    ],
  ];
  for (const [what, make, expected] of PASSWORD_FILES)
    busybox(`a password file that is ${what}`, () => {
      rmSync(at('etc'), { recursive: true, force: true });
      mkdirSync(at('etc'));
      make();
      expectOfAll(start('--user', 'bob', 'true'), expected);
    });

  busybox('files where directories belong, and circles', () => {
    for (const [name, expected] of [
      ['proc', /^125 ENOTDIR/],
      ['dev', /^125 (ENOTDIR|EEXIST)/],
      ['sys', /^125 ENOTDIR/],
    ] as const) {
      rmSync(at(name), { recursive: true, force: true });
      writeFileSync(at(name), '');
      expect(said(start('true'))).toMatch(expected);
      rmSync(at(name));
      symlinkSync(name, at(name));
      expect(said(start('true'))).toMatch(/^125 ELOOP/);
      rmSync(at(name));
      mkdirSync(at(name));
    }
    symlinkSync('circle', at('circle'));
    expectOfAll(start('--workdir', '/circle/x', 'true'), /^125 ELOOP/);
    expectOfAll(start('--volume', '/etc:/circle/x', 'true'), /^125 .*(ELOOP|circle)/);
  });
});

describe('a root that is none:', () => {
  test.each([
    ['/etc/hostname', /^125 ENOTDIR/],
    ['/dev/null', /^125 ENOTDIR/],
    ['/no/such', /^125 ENOENT/],
    [`/${'x'.repeat(300)}`, /^125 (ENAMETOOLONG|ENOENT)/],
    [`/etc/hostname/${'../hostname/'.repeat(1000)}`, /^125 (ENAMETOOLONG|ENOTDIR)/],
    ['/proc', /^12[567] /],
    ['/proc/self/fd', /^12[567] /],
    ['/sys', /^12[567] /],
  ])('%s', (root, expected) => {
    expect(said(['--quiet', '--rootfs', root, '/bin/nothing'])).toMatch(expected);
  });
});

describe('names', () => {
  const WORDS = ['a/b', '..', '../../etc', 'a\nb', '🛶', 'x'.repeat(300), ' a', '\u202e\u001b[31m'];

  test.each(WORDS)('%j is no name of a container', (name) => {
    expect(said([`--name=${name}`, 'true'])).toMatch(/^125 '.*' cannot be the name of a container/);
  });

  test.each(WORDS)('%j is the id of no container', (word) => {
    const { status, stderr, signal } = coracle.run(['inspect', '--', word]);
    expect({ status, signal }).toEqual({ status: 125, signal: null });
    expect(stderr).toMatch(/^coracle: ESRCH: there is no such container/);
    for (const control of ['\u001b', '\u202e']) expect(stderr).not.toContain(control);
  });

  test.each(['🛶', 'a\nb', 'x'.repeat(300)])('%j is a hostname only where it can be one', (hostname) => {
    const { status, signal, stdout } = coracle.run(['run', '--quiet', `--hostname=${hostname}`, 'uname', '-n']);
    expect(signal).toBeNull();
    const canBe = hostname.length < 64 && !hostname.includes('\n');
    expect({ status, stdout }).toEqual(canBe ? { status: 0, stdout: `${hostname}\n` } : { status: 125, stdout: '' });
  });

  test('of variables and working directories may hold what they like, and are that', () => {
    const odd = '/tmp/🛶 a\nb/..c';
    const variables = ['--env', 'A\nHOME=/evil', '--env', '🛶=x'];
    const { status, stdout } = coracle.run(['run', '--quiet', '--workdir', odd, ...variables, 'env', '-0']);
    expect(status).toBe(0);
    expect(stdout.split('\0')).toEqual(expect.arrayContaining(['HOME=/root', 'A\nHOME=/evil', '🛶=x']));
    expect(coracle.run(['run', '--quiet', '--workdir', odd, 'pwd']).stdout).toBe(`${odd}\n`);
  });
});
