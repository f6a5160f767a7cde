import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pack } from '../pack.mjs';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-pack-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function packed(bundle: string): string {
  const path = join(directory, 'coracle.cjs');
  writeFileSync(path, `#!/usr/bin/env node\n${bundle}\n`);
  pack(directory, { name: 'coracle', warmUp: ['run', '--quiet', 'true'] });
  return path;
}

function runNode(...args: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return stdout + stderr;
}

/** Runs a program and says what V8 made of its cache. */
const WITH_VERDICT = `
  const vm = require('node:vm');
  vm.Script = class extends vm.Script {
    constructor(...args) { super(...args); console.log('rejected:', this.cachedDataRejected); }
  };
  require(process.argv[1]);`;

test('a packed program does what its bundle does, whatever characters are in it', () => {
  const quoted = ['`\\`$', '{1 + 1}\\``'].join('');
  const bundle = `console.log(${quoted}, "\\\\", /\\$\\{/.source, "\\u00e9\\n".length);`;
  expect(runNode(packed(bundle))).toBe('`2` \\ \\$\\{ 2\n');
});

test('a packed program has its arguments, its own file name and is the main module', () => {
  const path = packed('console.log(process.argv[2], __filename, require.main === module);');
  expect(runNode(path, 'word')).toBe(`word ${path} true\n`);
});

test('a bundle of several lines is taken, one of other characters than ASCII refused', () => {
  expect(runNode(packed('console.log(`a\nb`) // c'))).toBe('a\nb\n');
  expect(() => packed('"\u00e9"')).toThrow('not ASCII');
});

test('a bundle that imports while it runs is refused', () => {
  expect(() => packed('import("node:os");')).toThrow('imports while it runs');
});

test('V8 takes what was compiled before', () => {
  expect(runNode('-e', WITH_VERDICT, packed('console.log("hello");'))).toBe('rejected: false\nhello\n');
});

test('what another V8 compiled is compiled anew', () => {
  const path = packed('console.log("hello");');
  expect(runNode('--no-opt', '-e', WITH_VERDICT, path)).toBe('rejected: true\nhello\n');
});

test('a new bundle of the same length does not get the cache of the old one', () => {
  packed('console.log("one");');
  expect(runNode(packed('console.log("two");'))).toBe('two\n');
  expect(readdirSync(directory)).toHaveLength(2);
});
