import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveMountpoint } from '@coracle/chroot-fs/config';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'coracle-resolve-'));
  mkdirSync(join(root, 'rootfs/etc'), { recursive: true });
  mkdirSync(join(root, 'volume/sub'), { recursive: true });
  writeFileSync(join(root, 'volume/file'), '');
  symlinkSync('/run/resolv.conf', join(root, 'rootfs/etc/resolv.conf'));
  symlinkSync('../../../..', join(root, 'volume/out'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const resolve = (destination: string, before: Parameters<typeof resolveMountpoint>[1]['before'] = []): unknown =>
  resolveMountpoint(destination, { root: join(root, 'rootfs'), before });

describe('where a mount of a config.json goes', () => {
  test('to what is there, which it covers', () => {
    expect(resolve('/etc')).toEqual({ path: '/etc', kind: 'directory', onHost: join(root, 'rootfs/etc') });
  });

  test('to the end of a link that leads nowhere yet', () => {
    expect(resolve('/etc/resolv.conf')).toEqual({ path: '/run/resolv.conf', kind: undefined, onHost: undefined });
  });

  test('into a bind mount made before it, as far as its links stay in the root', () => {
    const before = [{ destination: '/data', source: join(root, 'volume') }];
    expect(resolve('/data/sub', before)).toEqual({
      path: '/data/sub',
      kind: 'directory',
      onHost: join(root, 'volume/sub'),
    });
    expect(resolve('/data/file', before)).toMatchObject({ kind: 'file' });
    expect(resolve('/data/out/etc', before)).toMatchObject({ path: '/etc', onHost: join(root, 'rootfs/etc') });
  });

  test('into a file system that is still to be made: there nothing is', () => {
    const before = [{ destination: '/etc', source: undefined }];
    expect(resolve('/etc/resolv.conf', before)).toEqual({
      path: '/etc/resolv.conf',
      kind: undefined,
      onHost: undefined,
    });
    expect(resolve('/etc', before)).toEqual({ path: '/etc', kind: 'directory', onHost: undefined });
  });
});
