import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { typeKnownInside } from '../../src/terminal/type-known-inside.ts';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'root-'));
  for (const path of ['usr/share/terminfo/x/xterm-new', 'lib/terminfo/v/vt1', 'etc/terminfo/m/mine']) make(path);
  mkdirSync(join(root, 'usr/share/terminfo/l'));
  symlinkSync('/usr/share/terminfo/x/xterm-new', join(root, 'usr/share/terminfo/l/link'));
  symlinkSync(join(root, 'lib/terminfo/v/vt1'), join(root, 'usr/share/terminfo/l/link-to-host'));
  symlinkSync('loop', join(root, 'usr/share/terminfo/l/loop'));
});
afterAll(() => rmSync(root, { recursive: true }));

function make(path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), 'a description');
}

test.each(['xterm-new', 'vt1', 'mine', 'link', 'dumb'])('%s, which the root has, is known there', (type) => {
  expect(typeKnownInside(type, root)).toBe(type);
  expect(typeKnownInside(type, { path: root, overlay: true })).toBe(type);
});

test.each(['unheard-of', 'link-to-host', 'loop', '', '..', '../x/xterm-new', 'x\0y'])(
  '%j is not known in a root without a description of it',
  (type) => {
    expect(typeKnownInside(type, root)).toBeUndefined();
  },
);

test('in a root that is not there none is known', () => {
  expect(typeKnownInside('xterm-new', join(root, 'missing'))).toBeUndefined();
});
