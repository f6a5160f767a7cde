import { readFileSync } from 'node:fs';
import { type MountInfo, MountinfoError, parseMountinfo } from '@coracle/mountinfo';
import { describe, expect, test } from '@jest/globals';
import { fixture } from './fixture.ts';

const one = (line: string): MountInfo => {
  const [mount, ...rest] = parseMountinfo(`${line}\n`);
  if (mount === undefined || rest.length > 0) throw new Error(`not one mount: ${line}`);
  return mount;
};

describe('parsing a line', () => {
  test('the example of the manual page gives every field', () => {
    expect(one('36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue')).toEqual({
      id: 36,
      parentId: 35,
      major: 98,
      minor: 0,
      root: '/mnt1',
      mountPoint: '/mnt2',
      options: ['rw', 'noatime'],
      tags: { master: 1 },
      type: 'ext3',
      source: '/dev/root',
      superOptions: ['rw', 'errors=continue'],
    });
  });

  test.each([
    ['', {}],
    ['shared:7 ', { shared: 7 }],
    ['master:3 ', { master: 3 }],
    ['shared:7 master:3 ', { shared: 7, master: 3 }],
    ['master:3 propagate_from:2 ', { master: 3, propagateFrom: 2 }],
    ['unbindable ', { unbindable: true }],
    ['shared:7 tomorrow:9 sideways ', { shared: 7 }],
    ['toString:9 ', {}],
  ])('the tags %j', (tags, expected) => {
    expect(one(`36 35 0:5 / /a rw ${tags}- tmpfs tmpfs rw`).tags).toEqual(expected);
  });

  test.each([
    ['a space', '/a\\040b', '/a b'],
    ['a tab', '/a\\011b', '/a\tb'],
    ['a newline', '/a\\012b', '/a\nb'],
    ['a backslash', '/a\\134b', '/a\\b'],
    ['a backslash before digits', '/a\\134040', '/a\\040'],
    ['a number sign', '/a\\043b', '/a#b'],
    ['several escapes', '\\040\\040\\011', '  \t'],
    ['a backslash that starts no escape', 'C:\\Users', 'C:\\Users'],
    ['a letter beyond ASCII, which the kernel leaves as it is', '/né', '/né'],
  ])('%s is decoded in root, mount point, type and source', (_, raw, decoded) => {
    const mount = one(`36 35 0:5 ${raw} ${raw} rw - ${raw} ${raw} rw`);
    expect([mount.root, mount.mountPoint, mount.type, mount.source]).toEqual([decoded, decoded, decoded, decoded]);
  });

  test('a comma inside a value of a super option does not split it', () => {
    expect(one('36 35 0:5 / /a rw - overlay overlay rw,lowerdir=/x\\054y:/z,index=off').superOptions).toEqual([
      'rw',
      'lowerdir=/x,y:/z',
      'index=off',
    ]);
  });

  test('an empty source stays empty', () => {
    expect(one('36 35 0:5 / /a rw - tmpfs  rw,size=4k')).toMatchObject({ source: '', superOptions: ['rw', 'size=4k'] });
  });

  test('empty super options are none', () => {
    expect(one('36 35 0:5 / /a rw - tmpfs tmpfs ').superOptions).toEqual([]);
  });

  test('super options that a driver printed with a space are kept whole', () => {
    const mount = one('90 70 0:59 / /mnt/c rw,noatime - 9p C:\\134 rw,aname=drvfs;path=C:\\My Files,mmap');
    expect(mount.source).toBe('C:\\');
    expect(mount.superOptions).toEqual(['rw', 'aname=drvfs;path=C:\\My Files', 'mmap']);
  });

  test('a mount point named "-" is not taken for the separator', () => {
    expect(one('36 35 0:5 - - rw - tmpfs - rw')).toMatchObject({ root: '-', mountPoint: '-', source: '-' });
  });
});

describe('parsing the text of a process', () => {
  test.each([
    ['vm-cgroup-v1', 19],
    ['laptop-systemd-v2', 22],
    ['docker-container', 15],
  ])('%s has every mount, in the order of the file', (name, count) => {
    const text = fixture(name);
    const mounts = parseMountinfo(text);
    expect(mounts).toHaveLength(count);
    expect(mounts.map((mount) => mount.id)).toEqual(
      text
        .trimEnd()
        .split('\n')
        .map((line) => Number.parseInt(line, 10)),
    );
  });

  test('the bind of a file that was removed keeps the kernel’s mark', () => {
    const data = parseMountinfo(fixture('docker-container')).find((mount) => mount.mountPoint === '/data');
    expect(data).toMatchObject({ root: '/srv/data//deleted', tags: { master: 1, propagateFrom: 2 } });
  });

  test('the kernel’s own text of this process parses, and holds /proc', () => {
    const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
    expect(mounts.find((mount) => mount.mountPoint === '/proc')?.type).toBe('proc');
  });

  test('the empty text has no mounts', () => {
    expect(parseMountinfo('')).toEqual([]);
  });

  test('a last line without a newline counts', () => {
    expect(parseMountinfo('36 35 0:5 / /a rw - tmpfs tmpfs rw')).toHaveLength(1);
  });
});

describe('a malformed line', () => {
  const good = '36 35 0:5 / /a rw - tmpfs tmpfs rw';
  test.each([
    ['a truncated line', '36 35 98:0', 'expected at least 10 fields, found 3'],
    ['an empty line', '', 'expected at least 10 fields, found 1'],
    ['a line of /proc/mounts', 'proc /proc proc rw 0 0', 'expected at least 10 fields, found 6'],
    ['no separator', '36 35 0:5 / /a rw shared:1 tmpfs tmpfs rw', "expected a lone '-' after the propagation tags"],
    [
      'too little after the separator',
      '36 35 0:5 / /a rw a:1 - tmpfs tmpfs',
      "expected type, source and options after the '-'",
    ],
    ['an id that is no number', 'x 35 0:5 / /a rw - tmpfs tmpfs rw', "expected a number, found 'x'"],
    ['a negative parent', '36 -1 0:5 / /a rw - tmpfs tmpfs rw', "expected a number, found '-1'"],
    ['a device without minor', '36 35 0 / /a rw - tmpfs tmpfs rw', "expected a number, found ''"],
    ['a device of three numbers', '36 35 0:5:1 / /a rw - tmpfs tmpfs rw', "expected MAJOR:MINOR, found '0:5:1'"],
    ['a tag without its number', '36 35 0:5 / /a rw shared - tmpfs tmpfs rw', "expected a number, found ''"],
    ['a tag with a word for a number', '36 35 0:5 / /a rw master:x - tmpfs tmpfs rw', "expected a number, found 'x'"],
    ['no mount point', '36 35 0:5 /  rw - tmpfs tmpfs rw', 'expected a mount point and a type'],
    ['no type', '36 35 0:5 / /a rw -  tmpfs rw', 'expected a mount point and a type'],
  ])('%s: the error names the line’s number and text', (_, bad, problem) => {
    let caught: unknown;
    try {
      parseMountinfo(`${good}\n${good}\n${bad}\n${good}\n`);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(MountinfoError);
    expect(caught).toMatchObject({
      name: 'MountinfoError',
      code: 'ERR_CORACLE_MOUNTINFO',
      line: 3,
      text: bad,
      message: `mountinfo line 3: ${problem}: '${bad}'`,
    });
  });
});
