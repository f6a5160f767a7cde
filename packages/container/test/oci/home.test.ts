import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { withHome } from '../../src/oci/home.ts';

let root: string;
const at = (path: string): string => join(root, path);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'home-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('a home is that of the last of a hundred thousand users too', () => {
  mkdirSync(at('etc'));
  const users = Array.from({ length: 100_000 }, (_, id) => `user${id}:x:${id}:5:somebody:/home/user${id}:/bin/sh\n`);
  writeFileSync(at('etc/passwd'), users.join(''));
  expect(withHome(['A=b'], { root, uid: 99_999 })).toEqual(['A=b', 'HOME=/home/user99999']);
});

test('a way to /etc/passwd that leads nowhere gives the home of nobody in particular, as in runc', () => {
  expect(withHome([], { root, uid: 0 })).toEqual(['HOME=/']);
  writeFileSync(at('etc'), '');
  expect(withHome([], { root, uid: 0 })).toEqual(['HOME=/']);
  rmSync(at('etc'));
  mkdirSync(at('etc'));
  symlinkSync('passwd', at('etc/passwd'));
  expect(withHome([], { root, uid: 0 })).toEqual(['HOME=/']);
});
