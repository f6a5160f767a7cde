import { parseMountOptions } from '@coracle/chroot-fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

const attributes = (...options: string[]): string => parseMountOptions(options).set.text;

describe('mount options', () => {
  test.each([
    [[], '0'],
    [['defaults'], '0'],
    [['ro'], 'MOUNT_ATTR_RDONLY'],
    [['rro'], 'MOUNT_ATTR_RDONLY'],
    [['nosuid', 'nodev', 'noexec'], 'MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC'],
    [['rnosuid', 'rnodev', 'rnoexec'], 'MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC'],
    [['noatime'], 'MOUNT_ATTR_NOATIME'],
    [['rstrictatime'], 'MOUNT_ATTR_STRICTATIME'],
    [['nodiratime', 'nosymfollow'], 'MOUNT_ATTR_NODIRATIME|MOUNT_ATTR_NOSYMFOLLOW'],
    [['ro', 'ro'], 'MOUNT_ATTR_RDONLY'],
  ])('%j set %s', (options, text) => {
    expect(attributes(...options)).toBe(text);
    expect(parseMountOptions(options).data).toEqual([]);
  });

  test.each([
    [['rbind', 'ro=vfs'], '0', 'MOUNT_ATTR_RDONLY'],
    [['rbind', 'nodev', 'ro=vfs'], 'MOUNT_ATTR_NODEV', 'MOUNT_ATTR_RDONLY'],
    [['rbind', 'ro=recursive'], 'MOUNT_ATTR_RDONLY', '0'],
    [['ro', 'ro=vfs'], '0', 'MOUNT_ATTR_RDONLY'],
    [['ro=vfs', 'ro'], 'MOUNT_ATTR_RDONLY', '0'],
    [['ro=vfs', 'rw'], '0', '0'],
    [['ro=vfs', 'noatime', 'dev'], 'MOUNT_ATTR_NOATIME', 'MOUNT_ATTR_RDONLY'],
  ])('%j set %s everywhere and %s on the uppermost mount', (options, tree, top) => {
    const parsed = parseMountOptions(options);
    expect([parsed.set.text, parsed.top.text, parsed.data]).toEqual([tree, top, []]);
  });

  test.each([
    [['ro', 'rw'], '0'],
    [['rw', 'ro'], 'MOUNT_ATTR_RDONLY'],
    [['ro', 'rrw'], '0'],
    [['nosuid', 'suid'], '0'],
    [['nodev', 'rdev', 'noexec', 'exec'], '0'],
    [['noatime', 'atime'], '0'],
    [['noatime', 'strictatime'], 'MOUNT_ATTR_STRICTATIME'],
    [['strictatime', 'noatime'], 'MOUNT_ATTR_NOATIME'],
    [['strictatime', 'rrelatime'], '0'],
    [['strictatime', 'nostrictatime'], '0'],
    [['nodiratime', 'diratime', 'nosymfollow', 'rsymfollow'], '0'],
  ])('of %j the later one counts: %s', (options, text) => expect(attributes(...options)).toBe(text));

  test.each([
    [['size=64m'], [['size', '64m']]],
    [
      ['mode=1777', 'size=1'],
      [
        ['mode', '1777'],
        ['size', '1'],
      ],
    ],
    [['size='], [['size', '']]],
    [
      ['lowerdir=/a:/b', 'upperdir=/x=y'],
      [
        ['lowerdir', '/a:/b'],
        ['upperdir', '/x=y'],
      ],
    ],
    [['newinstance'], [['newinstance', undefined]]],
    [
      ['sync', 'dirsync', 'lazytime'],
      [
        ['sync', undefined],
        ['dirsync', undefined],
        ['lazytime', undefined],
      ],
    ],
    [
      ['rsize=4096', 'r', 'rr', 'RO'],
      [
        ['rsize', '4096'],
        ['r', undefined],
        ['rr', undefined],
        ['RO', undefined],
      ],
    ],
    [
      ['constructor', '__proto__', 'rtoString'],
      [
        ['constructor', undefined],
        ['__proto__', undefined],
        ['rtoString', undefined],
      ],
    ],
    [[''], [['', undefined]]],
  ])("%j are the file system's own", (options, data) => {
    expect(parseMountOptions(options)).toMatchObject({ data, set: { value: 0 } });
  });

  test.each([
    [['bind'], 'bind', false],
    [['rbind'], 'rbind', true],
    [['rbind', 'ro'], 'rbind', true],
    [['rbind', 'bind'], 'bind', false],
    [['ro'], undefined, false],
  ])('%j bind %s', (options, bind, recursive) => {
    expect(parseMountOptions(options)).toMatchObject({ bind, recursive });
  });

  test.each([
    ['private', 'MS_PRIVATE'],
    ['rprivate', 'MS_PRIVATE'],
    ['slave', 'MS_SLAVE'],
    ['rslave', 'MS_SLAVE'],
    ['shared', 'MS_SHARED'],
    ['rshared', 'MS_SHARED'],
    ['unbindable', 'MS_UNBINDABLE'],
    ['runbindable', 'MS_UNBINDABLE'],
  ])('%s propagate as %s', (option, text) => {
    expect(parseMountOptions([option]).propagation).toMatchObject({ text });
    expect(parseMountOptions([option, 'ro', 'rprivate']).propagation).toMatchObject({ text: 'MS_PRIVATE' });
  });

  test.each(['idmap', 'ridmap'])('%s ask for mapped ids', (option) => {
    expect(parseMountOptions(['rbind', option, 'ro'])).toMatchObject({ idmap: option, data: [], bind: 'rbind' });
    expect(parseMountOptions(['rbind']).idmap).toBeUndefined();
  });

  test('without a word on propagation leave it open', () => {
    expect(parseMountOptions(['rbind']).propagation).toBeUndefined();
  });
});

const WORDS = [
  'ro',
  'rw',
  'nosuid',
  'suid',
  'noatime',
  'strictatime',
  'relatime',
  'rnodev',
  'rbind',
  'rslave',
  'async',
];
const known = fc.constantFrom(...WORDS);
const own = fc.tuple(fc.stringMatching(/^x[a-z]{0,6}$/), fc.string()).map(([key, value]) => `${key}=${value}`);

describe('any mount options', () => {
  test("leave the file system's own in order, whatever stands between them", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(known, own)), (options) => {
        const expected = options.filter((option) => option.includes('='));
        expect(parseMountOptions(options).data.map(([key, value]) => `${key}=${value}`)).toEqual(expected);
      }),
    );
  });

  test('mean the same twice over', () => {
    fc.assert(
      fc.property(fc.array(known), (options) => {
        const once = parseMountOptions(options);
        const twice = parseMountOptions([...options, ...options]);
        expect({ ...twice, set: twice.set.value }).toEqual({ ...once, set: once.set.value });
      }),
    );
  });

  test('never ask for two ways to keep access times, which the kernel refuses', () => {
    fc.assert(
      fc.property(fc.array(known), (options) => {
        expect([0, 0x10, 0x20]).toContain(Number(parseMountOptions(options).set.value) & 0x70);
      }),
    );
  });

  test('are all understood or handed on: none is lost', () => {
    fc.assert(
      fc.property(fc.string(), (option) => {
        const parsed = parseMountOptions([option]);
        const understood =
          parsed.set.value !== 0 ||
          parsed.bind !== undefined ||
          parsed.propagation !== undefined ||
          WITHOUT_TRACE.test(option);
        expect(parsed.data.length === 0).toBe(understood);
      }),
    );
  });
});

/** Words that ask for what is so anyway. */
const WITHOUT_TRACE =
  /^(r?(rw|suid|dev|exec|atime|relatime|nostrictatime|diratime|symfollow)|async|defaults|loud|norelatime|silent)$/;
