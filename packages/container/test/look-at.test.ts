import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { lookAt } from '../src/look-at.ts';

describe('a path of the host that is looked at', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'look-at-'));
    symlinkSync('circle', join(directory, 'circle'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const look = (path: string): unknown =>
    failureOf(() => lookAt(path, { option: 'root', step: 'use it', hints: { ENOENT: 'make it' } }));

  test.each([
    ['a name that is too long', () => join(directory, 'x'.repeat(300)), 'ENAMETOOLONG', 'at most 255 bytes'],
    ['a path that is too long', () => join(directory, 'x/'.repeat(3000)), 'ENAMETOOLONG', 'a path 4095'],
    ['links in a circle', () => join(directory, 'circle'), 'ELOOP', 'lead in a circle'],
    ['what is not there, in the caller’s own words', () => join(directory, 'absent'), 'ENOENT', 'make it'],
  ])('%s', (_, path, code, hint) => {
    expect(look(path())).toMatchObject({
      code,
      syscall: 'stat',
      path: path(),
      step: 'use it',
      hint: expect.stringContaining(hint),
    });
  });

  test('what can be no path names the option', () => {
    expect(look(`${directory}\0`)).toMatchObject({ option: 'root' });
  });
});

function failureOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('that was to fail');
}
