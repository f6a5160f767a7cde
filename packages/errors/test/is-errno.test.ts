import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import { isErrno, SystemError } from '@coracle/errors';
import { describe, expect, test } from '@jest/globals';

const caught = async (action: () => unknown): Promise<unknown> => {
  try {
    await action();
  } catch (error) {
    return error;
  }
  throw new Error('expected a failure');
};

describe('an error with a code', () => {
  test('ours', () => {
    const error = new SystemError({ code: 'EBUSY', syscall: 'rmdir' });
    expect(isErrno(error, 'EBUSY')).toBe(true);
    expect(isErrno(error, 'ENOENT')).toBe(false);
  });

  test('of a synchronous call of Node', async () => {
    const error = await caught(() => readFileSync('/nonexistent/file'));
    expect(isErrno(error, 'ENOENT')).toBe(true);
    expect(isErrno(error, 'EACCES')).toBe(false);
  });

  test('of a promise of Node', async () => {
    const error = await caught(() => readFile('/'));
    expect(isErrno(error, 'EISDIR')).toBe(true);
    expect(isErrno(error, 'ENOTDIR')).toBe(false);
  });

  test('of another realm, where instanceof fails', () => {
    const error: unknown = runInNewContext("Object.assign(new Error('no'), { code: 'EPERM' })");
    expect(error).not.toBeInstanceOf(Error);
    expect(isErrno(error, 'EPERM')).toBe(true);
  });

  test('matches when any of several codes is its own', () => {
    const error = new SystemError({ code: 'ENODEV', syscall: 'mount' });
    expect(isErrno(error, 'ENOENT', 'ENODEV', 'EPERM')).toBe(true);
    expect(isErrno(error, 'ENOENT', 'EPERM')).toBe(false);
  });

  test('matches nothing when no code is asked for', () => {
    expect(isErrno(new SystemError({ code: 'ENODEV', syscall: 'mount' }))).toBe(false);
  });
});

describe('a value that is no errno', () => {
  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'ENOENT'],
    ['a number', -2],
    ['a plain error', new Error('ENOENT: no such file or directory')],
    ['a plain object', {}],
    ['a code of Node that is no errno', Object.assign(new Error('bad'), { code: 'ERR_INVALID_ARG_TYPE' })],
    ['a numeric code', Object.assign(new Error('bad'), { code: 2 })],
    ['an errno without a code', { errno: -2 }],
    ['a function', () => 'ENOENT'],
  ])('%s', (_, value) => {
    expect(isErrno(value, 'ENOENT', 'EPERM')).toBe(false);
  });
});
