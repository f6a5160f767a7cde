import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isErrno } from '@coracle/errors';
import { NAMESPACE_TYPES, namespaceFile, namespaceInode } from '@coracle/namespaces';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

describe('the number of a namespace of this process', () => {
  test.each(NAMESPACE_TYPES)('is the inode of its file (%s)', (type) => {
    const inode = statSync(`/proc/self/ns/${namespaceFile(type)}`, { throwIfNoEntry: false })?.ino;
    expect(namespaceInode('self', type)).toBe(inode);
    expect(namespaceInode(process.pid, type)).toBe(inode);
  });
});

describe('the number of a namespace', () => {
  let proc: string;
  beforeEach(() => {
    proc = mkdtempSync(join(tmpdir(), 'coracle-ns-'));
    mkdirSync(join(proc, '7/ns'), { recursive: true });
    symlinkSync('mnt:[4026531841]', join(proc, '7/ns/mnt'));
  });
  afterEach(() => rmSync(proc, { recursive: true }));

  test('is read from another proc', () => {
    expect(namespaceInode(7, 'mount', { proc })).toBe(4026531841);
  });

  test('of a kind the kernel was built without is undefined', () => {
    expect(namespaceInode(7, 'time', { proc })).toBeUndefined();
  });

  test('of a process that is gone is an error that says so', () => {
    expect.assertions(2);
    try {
      namespaceInode(8, 'time', { proc });
    } catch (error) {
      expect(isErrno(error, 'ESRCH')).toBe(true);
      expect(error).toMatchObject({ path: `${proc}/8/ns/time` });
    }
  });
});
