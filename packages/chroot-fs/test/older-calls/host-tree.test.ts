import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostTree } from '@coracle/chroot-fs';
import { parseMountinfo } from '@coracle/mountinfo';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(realpathSync(tmpdir()), 'host-tree-'));
  mkdirSync(join(directory, 'data/below'), { recursive: true });
  writeFileSync(join(directory, 'data/file'), '');
  symlinkSync('data', join(directory, 'link'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const mounts = (): ReturnType<typeof parseMountinfo> =>
  parseMountinfo(
    [
      '1 0 8:1 / / rw,relatime - ext4 /dev/sda rw',
      `2 1 0:9 / ${directory}/data rw,nosuid,noatime shared:4 - tmpfs tmpfs rw`,
      `3 2 0:8 / ${directory}/data/below rw,nodev - tmpfs tmpfs rw`,
      `4 3 0:8 / ${directory}/data/below/deep ro - tmpfs tmpfs rw`,
      `5 2 0:8 / ${directory}/data/covered rw - tmpfs tmpfs rw`,
      `6 2 0:7 / ${directory}/data/covered rw,noexec - tmpfs tmpfs rw`,
      `7 1 0:6 / ${directory}/database rw - tmpfs tmpfs rw`,
      '',
    ].join('\n'),
  );

test('a tree has what its mount forbids, and the mounts below that a path leads to', () => {
  const { kind, words, below } = hostTree(join(directory, 'data'), mounts());
  expect(kind).toBe('directory');
  expect([...words]).toEqual(['nosuid', 'noatime']);
  expect(below.map(({ path, words }) => [path, ...words])).toEqual([
    ['below', 'nodev', 'strictatime'],
    ['below/deep', 'ro', 'strictatime'],
    ['covered', 'noexec', 'strictatime'],
  ]);
});

test('links are followed, and a file has no mounts below', () => {
  expect(hostTree(join(directory, 'link'), mounts()).below).toHaveLength(3);
  expect(hostTree(join(directory, 'data/file'), mounts())).toMatchObject({ kind: 'file', below: [] });
  expect(hostTree('/', mounts()).below).toHaveLength(5);
});

test('what the caller cannot see is left to who mounts it', () => {
  expect(hostTree(join(directory, 'none'), mounts())).toEqual({ kind: 'directory', words: new Set(), below: [] });
  expect(hostTree(join(directory, 'data/file/x'), mounts())).toMatchObject({ below: [] });
});
