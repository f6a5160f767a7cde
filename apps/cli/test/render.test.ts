import type { ContainerInfo } from '@coracle/container';
import { SystemError } from '@coracle/errors';
import { describe, expect, test } from '@jest/globals';
import { renderChecks } from '../src/render/doctor.ts';
import { renderError } from '../src/render/error.ts';
import { renderExplanation } from '../src/render/explain.ts';
import { jsonOf } from '../src/render/harmless.ts';
import { renderContainer } from '../src/render/inspect.ts';

describe('renderError', () => {
  const cause = new Error('the deeper reason');
  const error = new SystemError({
    code: 'EPERM',
    syscall: 'mount',
    path: 'proc',
    dest: '/proc',
    hint: 'be root',
    cause,
  });

  test('one line and the hint', () => {
    expect(renderError(error, { debug: false, json: false })).toBe(
      "coracle: EPERM: operation not permitted, mount 'proc' -> '/proc'\n  hint: be root",
    );
  });

  test('in one line, whatever names are in it', () => {
    const hostile = new SystemError({ code: 'ENOENT', syscall: 'open', path: 'a\nb\u001b[2J\u202ec', hint: 'x\ty' });
    expect(renderError(hostile, { debug: false, json: false })).toBe(
      "coracle: ENOENT: no such file or directory, open 'a\\nb\\u{1b}[2J\\u{202e}c'\n  hint: x\\u{9}y",
    );
  });

  test('with --debug where it arose and its cause', () => {
    const text = renderError(error, { debug: true, json: false });
    expect(text).toContain('cause: the deeper reason');
    expect(text).toContain('render.test.ts');
  });

  test('with --debug too in lines of its own making, whatever names are in the error and its causes', () => {
    const path = 'a\n    at \u001b[31mevil\u009b2J';
    const because = new SystemError({ code: 'ENOENT', syscall: 'open', path });
    const text = renderError(new Error(path, { cause: because }), { debug: true, json: false });
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
    expect(text.split('\n').filter((line) => line.includes('evil'))).toEqual([
      'coracle: a\\n    at \\u{1b}[31mevil\\u{9b}2J',
      "  cause: ENOENT: no such file or directory, open 'a\\n    at \\u{1b}[31mevil\\u{9b}2J'",
    ]);
  });

  test('with --debug where it arose is shown and no more, whatever the file is called', () => {
    const error = new Error('x');
    error.stack = 'Error: x\n    at start (/tmp/\u001b[2J.js:1:1)';
    expect(renderError(error, { debug: true, json: false })).toBe('coracle: x\n    at start (/tmp/\\u{1b}[2J.js:1:1)');
  });

  test('with --json what a terminal would take as a command is escaped, and the same to a reader', () => {
    const error = new Error('\u001b[2J\u009b2J\u202e\u007f\n');
    const text = renderError(error, { debug: false, json: true });
    expect(text).toMatch(/^[ -~]+$/);
    expect(JSON.parse(text)).toEqual({ error: { message: error.message } });
  });

  test('a value that would fill the screen is cut in its middle', () => {
    const text = renderError(new Error(`start ${'x'.repeat(100_000)} end`), { debug: false, json: false });
    expect(text).toMatch(/^coracle: start x+\.\.\. \(98730 characters\) \.\.\.x+ end$/);
  });

  test('with --json an object', () => {
    expect(JSON.parse(renderError(error, { debug: false, json: true }))).toEqual({
      error: { message: error.message, code: 'EPERM', hint: 'be root' },
    });
  });

  test('anything thrown is shown', () => {
    expect(renderError('text', { debug: true, json: false })).toBe('coracle: text');
  });
});

describe('renderExplanation', () => {
  test('a question, each purpose once, its calls below it', () => {
    const text = renderExplanation([
      {
        question: 'What?',
        by: 'init',
        steps: [
          { number: 1, why: 'do it', syscall: 'a', call: 'a()' },
          { number: 2, why: 'do it', syscall: 'b', call: 'b()' },
          { number: 3, why: 'undo it', syscall: 'c', call: 'c()' },
        ],
      },
      { question: 'Nothing?', by: 'monitor', steps: [] },
    ]);
    expect(text).toBe(
      'What?  (the first process, inside)\n  do it\n      1  a()\n      2  b()\n  undo it\n      3  c()\n',
    );
  });
});

test('an explanation is of lines of its own making, whatever names are in it', () => {
  const steps = [{ number: 1, why: 'bring in a\u001b[2J\nb', syscall: 'a', call: 'a("\u009b2J\u202e")' }];
  expect(renderExplanation([{ question: 'What?', by: 'init', steps, remarks: ['see \u001b]0;x\u0007'] }])).toBe(
    'What?  (the first process, inside)\n  bring in a\\u{1b}[2J\\nb\n      1  a("\\u{9b}2J\\u{202e}")\n  see \\u{1b}]0;x\\u{7}\n',
  );
});

describe('renderChecks', () => {
  test('a line each, and the command that fixes it', () => {
    const text = renderChecks([
      { topic: 'kernel', status: 'ok', found: '6.18', needed: '5.12' },
      {
        topic: 'newuidmap',
        status: 'missing',
        found: 'not installed',
        needed: 'newuidmap',
        fix: 'sudo apt install uidmap',
      },
    ]);
    expect(text).toBe(
      'ok       kernel     6.18\nMISSING  newuidmap  not installed\n                    fix: sudo apt install uidmap\n',
    );
  });
});

test('what doctor finds is shown in lines of its own making, and so is the command that fixes it', () => {
  const found = 'a\u001b[2J\nb';
  expect(renderChecks([{ topic: 'kernel', status: 'missing', found, needed: 'b', fix: 'rm \u202ex' }])).toBe(
    'MISSING  kernel  a\\u{1b}[2J\\nb\n                 fix: rm \\u{202e}x\n',
  );
});

test('JSON of several lines stays that, with what a terminal would take as a command escaped', () => {
  expect(jsonOf({ a: ['\u009b2J\n'] }, 2)).toBe('{\n  "a": [\n    "\\u009b2J\\n"\n  ]\n}');
});

describe('renderContainer', () => {
  const container: ContainerInfo = {
    id: '012345678900',
    status: 'created',
    pid: 42,
    command: ['sh', '-c', "echo it's me"],
    root: '/srv/root',
    created: '2026-01-02T03:04:05.678Z',
    idMaps: {
      uids: [
        { containerId: 0, hostId: 1000, size: 1 },
        { containerId: 1, hostId: 100000, size: 9 },
      ],
      gids: [],
    },
    cgroups: ['/sys/fs/cgroup/box'],
    mounts: [{ destination: '/data', type: 'bind', source: '/srv', options: ['rbind', 'ro'] }],
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 10, hard: 2 ** 64 }],
    limits: { pids: 'max', memory: 1024, memoryWithSwap: 2048 },
    isolation: {
      namespaces: ['mount', 'pid'],
      userIds: 'range',
      root: '/srv/root',
      readOnlyRoot: true,
      network: 'none',
      noNewPrivileges: false,
      capabilities: [],
      seccomp: 'unconfined',
      maskedPaths: [],
      readonlyPaths: ['/proc/sys', '/proc/bus'],
      limits: { pids: 'max', memory: 1024, memoryWithSwap: 2048 },
      missing: [{ what: 'cpus', reason: 'no controller', fix: undefined }],
      cgroup: 'v2',
      agent: 'memfd',
      landlock: ['files'],
      apparmor: 'coracle-default',
      selinux: undefined,
      mountCalls: 'path',
    },
  };

  test('a word of its command is no command to the terminal, and ends no line', () => {
    const text = renderContainer({ ...container, command: ['sh', '\u001b[2J\nroot  /'] });
    expect(text).toContain("  command       sh '\\u{1b}[2J\\nroot  /'\n");
  });

  test('a line for each topic and for each further value of it; what it has none of is left out', () => {
    expect(renderContainer(container)).toBe(`012345678900
  status        created 2026-01-02T03:04:05.678Z, waits to be started
  process       42
  command       sh -c 'echo it'\\''s me'
  root          /srv/root, read-only
  user ids      range
                0 is 1000 of the host
                1-9 are 100000-100008 of the host
  namespaces    mount pid
  network       none
  cgroup        v2
                /sys/fs/cgroup/box
  limits        pids max
                memory 1024 bytes
                memory and swap 2048 bytes
  missing       cpus: no controller
  rlimits       nofile=10:max
  capabilities  none
  gains rights  by set-user-id programs
  seccomp       unconfined
  landlock      files
  apparmor      coracle-default
  read-only     /proc/sys
                /proc/bus
  mounts        /data  /srv  rbind,ro
  mounted by    path
  agent         memfd
`);
  });
});
