import { isErrno } from '@coracle/errors';
import {
  CLONE,
  chdir,
  clone3,
  execve,
  flags,
  fsopen,
  MS,
  mkdirat,
  mount,
  moveMount,
  pivotRoot,
  resultOf,
  type Step,
  SyscallError,
  sethostname,
  step,
  symlinkat,
  unshare,
  write,
} from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';

const EPERM = -1;
const ENOENT = -2;
const ENOSPC = -28;
const ENOSYS = -38;
const newNamespaces = flags(CLONE, 'CLONE_NEWPID', 'CLONE_NEWNS');

test.each<[string, Step, number, string]>([
  [
    'call, source, target, flags and purpose',
    mount({ source: 'proc', target: '/proc', type: 'proc', flags: flags(MS, 'MS_NOSUID') }, 'show processes to ps'),
    EPERM,
    "EPERM: operation not permitted, mount 'proc' -> '/proc' (MS_NOSUID): could not show processes to ps",
  ],
  [
    'one path alone',
    chdir('/gone', 'stand in the working directory'),
    ENOENT,
    "ENOENT: no such file or directory, chdir '/gone': could not stand in the working directory",
  ],
  [
    'both roots',
    pivotRoot({ newRoot: '.', putOld: '.' }, 'change roots'),
    -22,
    "EINVAL: invalid argument, pivot_root '.' -> '.': could not change roots",
  ],
  [
    'no empty path of a call by descriptor',
    moveMount({ from: resultOf('tmp'), toPath: '/tmp', flags: 0 }, 'attach it'),
    ENOENT,
    "ENOENT: no such file or directory, move_mount '/tmp': could not attach it",
  ],
  [
    'link and target',
    symlinkat({ target: '/proc/self/fd', path: '/dev/fd' }, 'link descriptors'),
    -17,
    "EEXIST: file exists, symlinkat '/proc/self/fd' -> '/dev/fd': could not link descriptors",
  ],
  [
    'the program and its words but not its environment',
    execve({ path: '/bin/sh', argv: ['sh', '-c', 'true'], env: ['TOKEN=secret'] }, 'start it'),
    -13,
    'EACCES: permission denied, execve \'/bin/sh\' (["sh", "-c", "true"]): could not start it',
  ],
  [
    'what was written, which is no path',
    write({ fd: 4, data: '20' }, 'limit it'),
    -16,
    'EBUSY: device or resource busy, write ("20"): could not limit it',
  ],
  [
    'no name for a path',
    sethostname('box', 'give it a name'),
    EPERM,
    'EPERM: operation not permitted, sethostname: could not give it a name',
  ],
  [
    'no type of file system for a path',
    fsopen('proc', 'have a proc'),
    -19,
    'ENODEV: no such device, fsopen (FSOPEN_CLOEXEC): could not have a proc',
  ],
])('the message names %s', (_, step, errno, message) => {
  expect(new SyscallError(step, errno).message).toBe(message);
});

test('the parts are there for programs to branch on', () => {
  const error = new SyscallError(mkdirat({ path: '/x' }, 'make it'), -17);
  expect(error).toMatchObject({
    name: 'SyscallError',
    code: 'EEXIST',
    errno: -17,
    syscall: 'mkdirat',
    path: '/x',
    step: 'make it',
    why: 'make it',
    args: ['AT_FDCWD', '"/x"', '0755'],
    suppressed: [],
  });
  expect(error.dest).toBeUndefined();
  expect(isErrno(error, 'EEXIST')).toBe(true);
});

test('an errno of 512 and more, which the kernel should never let out, is EINVAL', () => {
  expect(new SyscallError(chdir('/', 'a'), -524).code).toBe('EINVAL');
});

test('a structure too long to read is left out of the message', () => {
  const argv = Array.from({ length: 40 }, (_, index) => `word${index}`);
  expect(new SyscallError(execve({ path: '/x', argv, env: [] }, 'start it'), -2).message).toBe(
    "ENOENT: no such file or directory, execve '/x': could not start it",
  );
});

describe('an errno that misleads is put right:', () => {
  test.each<[string, Step, string, string | undefined]>([
    [
      'clone3: no space',
      clone3({ flags: newNamespaces }, 'isolate it'),
      'ENOSPC: the limit on namespaces is reached, clone3 ({flags: CLONE_NEWPID|CLONE_NEWNS}): could not isolate it',
      'raise the limits in /proc/sys/user/max_*_namespaces',
    ],
    [
      'unshare: no space',
      unshare(newNamespaces, 'isolate it'),
      'ENOSPC: the limit on namespaces is reached, unshare (CLONE_NEWPID|CLONE_NEWNS): could not isolate it',
      'raise the limits in /proc/sys/user/max_*_namespaces',
    ],
    [
      'move_mount: no space',
      moveMount({ from: 3, toPath: '/x', flags: 0 }, 'attach it'),
      "ENOSPC: the limit on mounts is reached, move_mount '/x': could not attach it",
      'raise /proc/sys/fs/mount-max',
    ],
    [
      'a disk that is full stays one',
      mkdirat({ path: '/x' }, 'make it'),
      "ENOSPC: no space left on device, mkdirat '/x' (0755): could not make it",
      undefined,
    ],
  ])('%s', (_, step, message, hint) => {
    const error = new SyscallError(step, ENOSPC);
    expect(error.message).toBe(message);
    expect(error.hint).toBe(hint);
  });

  test('a call the kernel does not have', () => {
    const error = new SyscallError(step('mount_setattr', [], 'make it read-only'), ENOSYS);
    expect(error.message).toBe('ENOSYS: the kernel has no such call, mount_setattr: could not make it read-only');
    expect(error.hint).toMatch(/Linux 5\.9.*5\.12/);
  });

  test('rules for devices that may not be set: what it takes', () => {
    expect(new SyscallError(step('bpf', [], 'load the rules for devices'), EPERM).hint).toMatch(
      /CAP_SYS_ADMIN.*leave them out/,
    );
  });

  test('who knows more can say it: text and hint', () => {
    const error = new SyscallError(chdir('/x', 'stand there'), ENOENT, { text: 'there is no /x', hint: 'make one' });
    expect(error.message).toBe("ENOENT: there is no /x, chdir '/x': could not stand there");
    expect(error.hint).toBe('make one');
  });
});
