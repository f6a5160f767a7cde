import { rmdirSync } from 'node:fs';
import { inspect } from 'node:util';
import { SystemError, type SystemErrorDetails } from '@coracle/errors';
import { describe, expect, test } from '@jest/globals';

const EPERM = 'EPERM: operation not permitted';

describe('the message', () => {
  test.each<[string, SystemErrorDetails, string]>([
    ['a call alone', { code: 'EPERM', syscall: 'unshare' }, `${EPERM}, unshare`],
    ['a path', { code: 'EPERM', syscall: 'umount2', path: '/proc' }, `${EPERM}, umount2 '/proc'`],
    ['an empty path', { code: 'ENOENT', syscall: 'open', path: '' }, "ENOENT: no such file or directory, open ''"],
    [
      'two paths',
      { code: 'EPERM', syscall: 'mount', path: 'proc', dest: '/proc' },
      `${EPERM}, mount 'proc' -> '/proc'`,
    ],
    ['a destination alone', { code: 'EPERM', syscall: 'mount', dest: '/proc' }, `${EPERM}, mount -> '/proc'`],
    [
      'flags',
      { code: 'EPERM', syscall: 'mount', path: 'proc', dest: '/proc', detail: 'MS_NOSUID|MS_NODEV' },
      `${EPERM}, mount 'proc' -> '/proc' (MS_NOSUID|MS_NODEV)`,
    ],
    ['flags that are none', { code: 'EPERM', syscall: 'mount', path: 'proc', detail: '' }, `${EPERM}, mount 'proc'`],
    [
      'flags without a path',
      { code: 'EINVAL', syscall: 'clone3', detail: 'CLONE_NEWUSER' },
      'EINVAL: invalid argument, clone3 (CLONE_NEWUSER)',
    ],
    [
      'the step',
      { code: 'EPERM', syscall: 'sethostname', step: 'give the container its own hostname' },
      `${EPERM}, sethostname: could not give the container its own hostname`,
    ],
    [
      'everything',
      { code: 'EPERM', syscall: 'mount', path: 'a', dest: 'b', detail: 'MS_BIND', step: 'show a as b' },
      `${EPERM}, mount 'a' -> 'b' (MS_BIND): could not show a as b`,
    ],
    [
      'a text that replaces a misleading one',
      { code: 'ENOSPC', syscall: 'mount', path: 'tmpfs', text: 'too many mounts in this namespace' },
      "ENOSPC: too many mounts in this namespace, mount 'tmpfs'",
    ],
  ])('%s', (_, details, message) => {
    expect(new SystemError(details).message).toBe(message);
  });

  test('is word for word Node’s own for the same failure', () => {
    const path = '/nonexistent/box';
    let ofNode: unknown;
    try {
      rmdirSync(path);
    } catch (error) {
      ofNode = error;
    }
    const ours = new SystemError({ code: 'ENOENT', syscall: 'rmdir', path });
    expect(ofNode).toMatchObject({ message: ours.message, code: ours.code, errno: ours.errno, syscall: 'rmdir', path });
  });

  test('has no hint in it: the hint is for the command to show', () => {
    const error = new SystemError({ code: 'EBUSY', syscall: 'rmdir', path: '/a', hint: 'kill its processes first' });
    expect(error.message).toBe("EBUSY: device or resource busy, rmdir '/a'");
    expect(error.hint).toBe('kill its processes first');
  });
});

describe('the fields', () => {
  test('carry what was given', () => {
    const given = { syscall: 'mount', path: 'a', dest: 'b', detail: 'MS_BIND', step: 'show a as b', hint: 'try c' };
    expect(new SystemError({ code: 'EROFS', ...given })).toMatchObject({ ...given, code: 'EROFS', errno: -30 });
  });

  test('that were not given are undefined', () => {
    const error = new SystemError({ code: 'EROFS', syscall: 'mount' });
    const { path, dest, detail, step, hint, suppressed } = error;
    expect({ path, dest, detail, step, hint, suppressed }).toEqual({ suppressed: [] });
    expect(Object.hasOwn(error, 'cause')).toBe(false);
  });

  test('the cause is kept, and shown by inspect', () => {
    const cause = new Error('the first failure');
    const error = new SystemError({ code: 'EIO', syscall: 'read', cause });
    expect(error.cause).toBe(cause);
    expect(inspect(error)).toContain('the first failure');
  });

  test('each error collects its own suppressed ones', () => {
    const [first, second] = [
      new SystemError({ code: 'EIO', syscall: 'a' }),
      new SystemError({ code: 'EIO', syscall: 'b' }),
    ];
    first.suppressed.push(second);
    expect([first.suppressed, second.suppressed]).toEqual([[second], []]);
  });

  test('name and class tell it is a SystemError', () => {
    const error = new SystemError({ code: 'EIO', syscall: 'read' });
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe('SystemError: EIO: input/output error, read');
    expect(error.stack).toContain('system-error.test');
  });
});
