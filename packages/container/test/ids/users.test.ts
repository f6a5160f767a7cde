import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { lookUpUser } from '../../src/ids/users.ts';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'users-'));
  mkdirSync(join(root, 'etc'));
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1001:Alice:/home/alice:/bin/sh\nbroken\nodd:x:abc:1:::\n',
  );
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nalice:x:1001:\nboats:x:77:bob,alice\nother:x:78:bob\n');
});

afterAll(() => rmSync(root, { recursive: true }));

describe('lookUpUser', () => {
  test.each([
    ['0', { uid: 0, gid: 0, additionalGids: [], home: '/root' }],
    ['alice', { uid: 1000, gid: 1001, additionalGids: [1001, 77], home: '/home/alice' }],
    ['alice:boats', { uid: 1000, gid: 77, additionalGids: [77], home: '/home/alice' }],
    ['alice:5', { uid: 1000, gid: 5, additionalGids: [5], home: '/home/alice' }],
    ['1000', { uid: 1000, gid: 1001, additionalGids: [1001, 77], home: '/home/alice' }],
    ['4711', { uid: 4711, gid: 0, additionalGids: [0], home: '/' }],
    ['4711:4712', { uid: 4711, gid: 4712, additionalGids: [4712], home: '/' }],
  ])('%s is found in the files of the root', (spec, ids) => {
    expect(lookUpUser(spec, root)).toEqual(ids);
  });

  test('an unknown name is refused by name', () => {
    expect(() => lookUpUser('bob', root)).toThrow("no user 'bob' in the container");
    expect(() => lookUpUser('alice:sailors', root)).toThrow("no group 'sailors' in the container");
  });

  test.each(['', ':', 'alice:', ':boats', 'a:b:c', 'a\0b', '4294967295', '99999999999'])('%p is refused', (spec) => {
    expect(() => lookUpUser(spec, root)).toThrow(expect.objectContaining({ code: 'ERR_CORACLE_OPTION' }));
  });

  test('an entry whose id is no number is refused', () => {
    expect(() => lookUpUser('odd', root)).toThrow("the user id of 'odd' is 'abc'");
  });

  test('a user in more groups than a process can be in is refused; one who is named twice is in a group once', () => {
    const hostile = mkdtempSync(join(tmpdir(), 'users-'));
    mkdirSync(join(hostile, 'etc'));
    writeFileSync(join(hostile, 'etc/passwd'), 'alice:x:1:1::/:/bin/sh\n');
    const lines = (idOf: (index: number) => number): string =>
      Array.from({ length: 65537 }, (_, index) => `::${idOf(index)}:alice\n`).join('');
    writeFileSync(
      join(hostile, 'etc/group'),
      lines((index) => index),
    );
    expect(() => lookUpUser('alice', hostile)).toThrow("has user 'alice' in 65537 groups");
    expect(lookUpUser('alice:5', hostile).additionalGids).toEqual([5]);
    writeFileSync(
      join(hostile, 'etc/group'),
      lines((index) => index % 2),
    );
    expect(lookUpUser('alice', hostile).additionalGids).toEqual([1, 0]);
    rmSync(hostile, { recursive: true });
  });

  test.each(['0x3e8', '1e3', ' 1000', '+1000', '-1000'])('an entry with the id %j is not that of 1000', (id) => {
    const other = mkdtempSync(join(tmpdir(), 'users-'));
    mkdirSync(join(other, 'etc'));
    writeFileSync(join(other, 'etc/passwd'), `evil:x:${id}:0::/evil:/bin/sh\n`);
    expect(lookUpUser('1000', other)).toEqual({ uid: 1000, gid: 0, additionalGids: [0], home: '/' });
    rmSync(other, { recursive: true });
  });

  test('a home that no variable can hold is refused', () => {
    const hostile = mkdtempSync(join(tmpdir(), 'users-'));
    mkdirSync(join(hostile, 'etc'));
    writeFileSync(join(hostile, 'etc/passwd'), 'alice:x:1:1::/\0LD_PRELOAD=/evil:/bin/sh\n');
    expect(() => lookUpUser('alice', hostile)).toThrow('NUL');
    rmSync(hostile, { recursive: true });
  });

  test('a passwd file that is a link to the host leads nowhere outside the root', () => {
    const hostile = mkdtempSync(join(tmpdir(), 'users-'));
    mkdirSync(join(hostile, 'etc'));
    symlinkSync('/etc/passwd', join(hostile, 'etc/passwd'));
    expect(() => lookUpUser('root', hostile)).toThrow(expect.objectContaining({ code: 'ELOOP' }));
    rmSync(hostile, { recursive: true });
  });
});
