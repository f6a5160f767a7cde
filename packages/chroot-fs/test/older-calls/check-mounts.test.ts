import { checkMounts, type Restriction } from '@coracle/chroot-fs';
import { parseMountinfo } from '@coracle/mountinfo';
import { describe, expect, test } from '@jest/globals';

const mounts = (...lines: (readonly [path: string, options: string])[]): ReturnType<typeof parseMountinfo> =>
  parseMountinfo(
    lines.map(([path, options], index) => `${index + 1} 0 0:9 / ${path} ${options} - tmpfs a rw\n`).join(''),
  );

const words = (...list: string[]): ReadonlySet<string> => new Set(list);
const NONE: Restriction = { top: words(), tree: words() };
const READ_ONLY: Restriction = { top: words('ro', 'relatime'), tree: words('ro', 'relatime') };

describe('the mounts of a container', () => {
  test('that forbid what they are to are let pass, whatever else they are', () => {
    const restrictions = new Map([
      ['/', NONE],
      ['/data', READ_ONLY],
      ['/data/own', NONE],
      ['/top', { top: words('ro'), tree: words() }],
    ]);
    checkMounts(
      mounts(
        ['/', 'rw'],
        ['/data', 'ro,nodev,noatime'],
        ['/data/below', 'ro'],
        ['/data/own', 'rw'],
        ['/data/own/below', 'rw'],
        ['/database', 'rw'],
        ['/top', 'ro'],
        ['/top/below', 'rw'],
      ),
      restrictions,
    );
  });

  test('with one below that came later and is not read-only are refused, by its name', () => {
    const late = mounts(['/', 'rw'], ['/data', 'ro'], ['/data/late', 'rw,nosuid']);
    expect(() => checkMounts(late, new Map([['/data', READ_ONLY]]))).toThrow(
      expect.objectContaining({
        code: 'EBUSY',
        path: '/data/late',
        message: expect.stringContaining('without ro'),
        hint: expect.any(String),
      }),
    );
  });

  test('are judged by the uppermost of those on one place', () => {
    const restrictions = new Map([['/data', READ_ONLY]]);
    checkMounts(mounts(['/data', 'rw'], ['/data', 'ro']), restrictions);
    expect(() => checkMounts(mounts(['/data', 'ro'], ['/data', 'rw']), restrictions)).toThrow('/data');
  });
});
