import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isErrno } from '@coracle/errors';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type FileOperation, isCgroupPath, readValue, runOperations, writeValue } from '../src/index.ts';

const anywhere = { isCgroup: () => true };
const NOBODY = 65534;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-door-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('writeValue', () => {
  test('writes into a file that is there', () => {
    writeFileSync(join(directory, 'pids.max'), '');
    writeValue(join(directory, 'pids.max'), '20', anywhere);
    expect(readFileSync(join(directory, 'pids.max'), 'utf8')).toBe('20');
  });

  test('asks whether the group, not the file, lies on a cgroup file system', () => {
    const asked: string[] = [];
    writeFileSync(join(directory, 'pids.max'), '');
    writeValue(join(directory, 'pids.max'), '20', { isCgroup: (path) => asked.push(path) > 0 });
    expect(asked).toEqual([directory]);
  });

  test('a directory that is no cgroup is refused and left alone', () => {
    const path = join(directory, 'pids.max');
    writeFileSync(path, 'precious');
    expect(failureOf(() => writeValue(path, '20'))).toMatchObject({
      message: `EXDEV: not on a cgroup file system, statfs '${directory}'`,
      hint: 'is the hierarchy mounted there? See /proc/self/mountinfo',
    });
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('release_agent, with which the kernel would run a program as root, is never written (CVE-2022-0492)', () => {
    const path = join(directory, 'release_agent');
    writeFileSync(path, '');
    expect(failureOf(() => writeValue(path, '/tmp/exploit', anywhere))).toMatchObject({
      code: 'EPERM',
      message: `EPERM: it would make the kernel run a program as root, write '${path}' (value "/tmp/exploit")`,
    });
    expect(failureOf(() => runOperations([write('release_agent', '/tmp/exploit')], anywhere))).toMatchObject({ path });
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  test('a file that its owner may write but not read is written: cgroup.kill of an ordinary user', () => {
    const path = join(directory, 'cgroup.kill');
    writeFileSync(path, '');
    chmodSync(path, 0o200);
    asOrdinaryUser([directory, path], () => writeValue(path, '1', anywhere));
    chmodSync(path, 0o600);
    expect(readFileSync(path, 'utf8')).toBe('1');
  });

  test('writing to a missing controller names the controller and the value', () => {
    const path = join(directory, 'memory.max');
    expect(failureOf(() => writeValue(path, '4096', anywhere))).toMatchObject({
      code: 'ENOENT',
      message: `ENOENT: controller memory is not available in ${directory}, write '${path}' (value "4096")`,
      hint: `see ${directory}/cgroup.controllers (version 2) or /proc/cgroups`,
    });
    expect(existsSync(path)).toBe(false);
  });

  test('writing to a group that is gone names the group, no controller', () => {
    const gone = join(directory, 'gone');
    const message = `ENOENT: there is no group ${gone}, write '${gone}/pids.max' (value "20")`;
    expect(failureOf(() => writeValue(join(gone, 'pids.max'), '20', anywhere))).toMatchObject({ message });
    expect(failureOf(() => writeValue(join(gone, 'pids.max'), '20'))).toMatchObject({ message });
  });

  test('handing down a controller that is not there names the controllers', () => {
    expect(
      failureOf(() => writeValue(join(directory, 'cgroup.subtree_control'), '+pids +cpu', anywhere)),
    ).toMatchObject({
      message: expect.stringContaining(`not all of the controllers pids cpu are available in ${directory}`),
      hint: expect.stringContaining('cgroup.controllers'),
    });
  });

  test('a file of the kernel itself that is missing is not taken for a controller', () => {
    expect(failureOf(() => writeValue(join(directory, 'cgroup.kill'), '1', anywhere))).toMatchObject({
      message: expect.stringContaining(`there is no cgroup.kill in ${directory}`),
    });
  });

  test.each(['EACCES', 'EPERM', 'EROFS'])('%s tells how to get a group of one’s own', (code) => {
    expect(failureOf(() => writeValue(join(directory, 'pids.max'), '20', refusing(code)))).toMatchObject({
      code,
      path: join(directory, 'pids.max'),
      detail: 'value "20"',
      hint: expect.stringContaining('delegated to you'),
      cause: { code },
    });
  });

  test('EBUSY of a group with processes names them, the first ten', () => {
    const pids = Array.from({ length: 12 }, (_, index) => 100 + index);
    writeFileSync(join(directory, 'cgroup.procs'), `${pids.join('\n')}\n`);
    const path = join(directory, 'cgroup.subtree_control');
    expect(failureOf(() => writeValue(path, '+pids', refusing('EBUSY')))).toMatchObject({
      code: 'EBUSY',
      message: expect.stringContaining('(100, 101, 102, 103, 104, 105, 106, 107, 108, 109 and 2 more)'),
      hint: expect.stringContaining('move them into a child first'),
    });
  });

  test('EBUSY of a limit on memory says that more is in use', () => {
    expect(failureOf(() => writeValue(join(directory, 'memory.limit_in_bytes'), '0', refusing('EBUSY')))).toMatchObject(
      { code: 'EBUSY', message: expect.stringContaining('more memory is in use than would be allowed') },
    );
  });

  test('EINVAL says that the kernel does not take the value', () => {
    expect(failureOf(() => writeValue(join(directory, 'pids.max'), 'many', refusing('EINVAL')))).toMatchObject({
      message: `EINVAL: invalid argument, write '${directory}/pids.max' (value "many")`,
      hint: 'the kernel does not take this value here',
    });
  });

  test('an error that is none of the system’s passes through as it is', () => {
    const defect = new TypeError('a defect');
    const isCgroup = () => {
      throw defect;
    };
    expect(failureOf(() => writeValue(join(directory, 'pids.max'), '1', { isCgroup }))).toBe(defect);
  });
});

describe('readValue', () => {
  test('gives the text of a file as it is', () => {
    writeFileSync(join(directory, 'pids.current'), '3\n');
    expect(readValue(join(directory, 'pids.current'))).toBe('3\n');
  });

  test('is undefined for a file that is not there', () => {
    expect(readValue(join(directory, 'pids.current'))).toBeUndefined();
  });

  test('any other failure names the file', () => {
    expect(failureOf(() => readValue(directory))).toMatchObject({
      message: `EISDIR: is a directory, read '${directory}'`,
    });
  });
});

describe('runOperations', () => {
  test('carries out the operations in their order', () => {
    const { options, log } = kernel();
    runOperations([mkdir('a'), mkdir('a/b'), write('a/b/pids.max', '20'), write('a/b/cpu.max', 'max')], options);
    expect(log).toEqual(['', 'a', 'a/b', 'a/b']);
    expect(readFileSync(join(directory, 'a/b/pids.max'), 'utf8')).toBe('20');
    expect(readFileSync(join(directory, 'a/b/cpu.max'), 'utf8')).toBe('max');
  });

  test('takes over a directory that is there', () => {
    mkdirSync(join(directory, 'a'));
    runOperations([mkdir('a'), mkdir('a/b')], anywhere);
    expect(existsSync(join(directory, 'a/b'))).toBe(true);
  });

  test('a name that a file of the kernel has is an error, not taken over', () => {
    writeFileSync(join(directory, 'pids.max'), 'max');
    expect(failureOf(() => runOperations([mkdir('pids.max')], anywhere))).toMatchObject({
      code: 'EEXIST',
      syscall: 'mkdir',
      path: join(directory, 'pids.max'),
      message: expect.stringContaining('a file of the kernel has this name'),
      hint: 'take another for the group',
    });
  });

  test('a failing write removes the directories made so far, the children first', () => {
    const failure = failureOf(() => runOperations([mkdir('a'), mkdir('a/b'), write('a/b/pids.max', '1')], anywhere));
    expect(isErrno(failure, 'ENOENT')).toBe(true);
    expect(failure).toMatchObject({ suppressed: [] });
    expect(existsSync(join(directory, 'a'))).toBe(false);
  });

  test('a failing write leaves directories that were there before', () => {
    mkdirSync(join(directory, 'a'));
    expect(failureOf(() => runOperations([mkdir('a'), mkdir('a/b'), write('a/b/x', '1')], anywhere))).toMatchObject({
      code: 'ENOENT',
    });
    expect(existsSync(join(directory, 'a'))).toBe(true);
    expect(existsSync(join(directory, 'a/b'))).toBe(false);
  });

  test('nothing is done after the operation that failed', () => {
    failureOf(() => runOperations([mkdir('missing/a'), mkdir('b')], anywhere));
    expect(existsSync(join(directory, 'b'))).toBe(false);
  });

  test('a failing clean-up is added to the first error and does not replace it', () => {
    const { options } = kernel();
    const failure = failureOf(() =>
      runOperations([mkdir('a'), write('a/pids.max', '1'), write('a/missing.max', '1')], options),
    );
    // A directory of the real kernel goes with its files; this one keeps them.
    expect(failure).toMatchObject({
      code: 'ENOENT',
      path: join(directory, 'a/missing.max'),
      suppressed: [expect.objectContaining({ code: 'ENOTEMPTY', path: join(directory, 'a') })],
    });
  });

  test('a directory outside the cgroup file systems is not made', () => {
    expect(failureOf(() => runOperations([mkdir('a')]))).toMatchObject({ code: 'EXDEV', path: directory });
    expect(existsSync(join(directory, 'a'))).toBe(false);
  });

  test('a directory that cannot be made is named with the call', () => {
    const path = join(directory, 'missing/a');
    expect(failureOf(() => runOperations([mkdir('missing/a')], anywhere))).toMatchObject({
      message: `ENOENT: no such file or directory, mkdir '${path}'`,
    });
  });
});

describe('isCgroupPath', () => {
  test('a temporary directory is none', () => {
    expect(isCgroupPath(directory)).toBe(false);
  });

  test('a path that is not there is an error, not a no', () => {
    expect(failureOf(() => isCgroupPath(join(directory, 'gone')))).toMatchObject({ code: 'ENOENT' });
  });
});

function mkdir(name: string): FileOperation {
  return { kind: 'mkdir', path: join(directory, name), why: 'make a cgroup' };
}

function write(name: string, value: string): FileOperation {
  return { kind: 'write', path: join(directory, name), value, why: 'limit' };
}

/** Like the kernel, puts files into a group before it is written to; logs the groups that were asked for. */
function kernel(): { options: { isCgroup(path: string): boolean }; log: string[] } {
  const log: string[] = [];
  const isCgroup = (path: string): boolean => {
    const name = path.slice(directory.length + 1);
    log.push(name);
    if (name !== '') for (const file of ['pids.max', 'cpu.max']) writeFileSync(join(path, file), '', { flag: 'a' });
    return true;
  };
  return { options: { isCgroup }, log };
}

/** The kernel answers with this errno, whatever is asked. */
function refusing(code: string): { isCgroup(): boolean } {
  return {
    isCgroup: () => {
      throw Object.assign(new Error(code), { code });
    },
  };
}

/** Root may read everything; so it does as another user what is to be refused or not, on paths given to that user. */
function asOrdinaryUser(paths: readonly string[], action: () => void): void {
  if (process.geteuid?.() !== 0) {
    action();
    return;
  }
  for (const path of paths) chownSync(path, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  try {
    action();
  } finally {
    process.seteuid?.(0);
  }
}

function failureOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
