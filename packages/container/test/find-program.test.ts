import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findProgram } from '../src/find-program.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-find-program-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function program(path: string, mode = 0o755): string {
  const file = join(directory, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, mode);
  return file;
}

describe('a program of the host', () => {
  test('that lies only in a directory of PATH is found there, as newuidmap in /opt', () => {
    const file = program('opt/coracle-newuidmap');
    expect(findProgram('coracle-newuidmap', `/no/such:${directory}/opt`)).toBe(file);
  });

  test('in PATH goes before the one in the usual directories', () => {
    const file = program('sh');
    expect(findProgram('sh', directory)).toBe(file);
  });

  test.each([undefined, '', '/no/such'])('is found in the usual directories when PATH is %p', (searchPath) => {
    expect(findProgram('sh', searchPath)).toMatch(/^\/.*\/sh$/);
  });

  test('that may not be executed, or is a directory or a link to nothing, is passed over', () => {
    program('a/tool', 0o644);
    mkdirSync(join(directory, 'b/tool'), { recursive: true });
    mkdirSync(join(directory, 'c'));
    symlinkSync('nothing', join(directory, 'c/tool'));
    const file = program('d/tool');
    const searchPath = ['a', 'b', 'c', 'd'].map((name) => join(directory, name)).join(':');
    expect(findProgram('tool', searchPath)).toBe(file);
  });

  test('is not looked for where the caller happens to be', () => {
    expect(findProgram('package.json', ':.:./')).toBeUndefined();
    expect(findProgram('no-such-program', directory)).toBeUndefined();
  });
});
