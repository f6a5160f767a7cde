import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pack } from '../pack.mjs';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-pack-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function packed(bundle: string, callsFor?: string[][]): Promise<string> {
  const path = join(directory, 'program.cjs');
  writeFileSync(path, `#!/usr/bin/env node\n${bundle}\n`);
  await pack(directory, { name: 'program', trials: () => [['one'], ['two']], ...(callsFor ? { callsFor } : {}) });
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

test('a packed program does what its bundle does, whatever characters are in it', async () => {
  const quoted = ['`\\`$', '{1 + 1}\\``'].join('');
  const bundle = `console.log(${quoted}, "\\\\", /\\$\\{/.source, "\\u00e9" + "\\u{1f600}");`;
  expect(runNode(await packed(bundle))).toBe('`2` \\ \\$\\{ \u00e9\u{1f600}\n');
});

test('a packed program has its arguments, its own file name and is the main module', async () => {
  const path = await packed('console.log(process.argv[2], __filename, require.main === module);');
  expect(runNode(path, 'word')).toBe(`word ${path} true\n`);
});

test('a packed program whose code was left behind says so', async () => {
  const path = await packed('console.log("hello");');
  for (const name of readdirSync(directory)) if (name.endsWith('.code')) rmSync(join(directory, name));
  const { status, stderr } = spawnSync(process.execPath, [path], { encoding: 'utf8' });
  expect(stderr).toMatch(
    /^cannot read what \S+program\.cjs runs: ENOENT.*\.code': both files belong together, install them again\n$/,
  );
  expect(status).toBe(125);
});

test('a bundle of several lines is taken, one of other characters than ASCII refused', async () => {
  expect(runNode(await packed('console.log(`a\nb`) // c'))).toBe('a\nb\n');
  await expect(packed('"\u00e9"')).rejects.toThrow('not ASCII');
});

test('a bundle that imports while it runs is refused', async () => {
  await expect(packed('import("node:os");')).rejects.toThrow('imports while it runs');
});

test('V8 takes what was compiled before', async () => {
  expect(runNode('-e', WITH_VERDICT, await packed('console.log("hello");'))).toBe('rejected: false\nhello\n');
});

test('what another V8 compiled is compiled anew', async () => {
  const path = await packed('console.log("hello");');
  expect(runNode('--no-opt', '-e', WITH_VERDICT, path)).toBe('rejected: true\nhello\n');
});

test('what was compiled for another processor, which V8 would not notice, is not given to it', async () => {
  const path = await packed('console.log("hello");');
  const text = readFileSync(path, 'latin1');
  const other = text.replaceAll(`"${process.arch}"`, '"other"');
  expect(other).not.toBe(text);
  writeFileSync(path, other);
  expect(runNode('-e', WITH_VERDICT, path)).toBe('rejected: undefined\nhello\n');
});

test('a new bundle of the same length does not get the cache of the old one', async () => {
  await packed('console.log("one");');
  expect(runNode(await packed('console.log("two");'))).toBe('two\n');
  expect(readdirSync(directory)).toHaveLength(2);
});

/** Its functions say their names, so that they are seen in what is read at the start or with the rest. */
const OF_TWO_PARTS = `
  var table = { used: 'used value' };
  var onlyIdle = { idle: 'idle value' };
  function idle(word) { return [helper(word), table.used]; }
  function helper(word) { return word + onlyIdle.idle; }
  async function idleToo() { throw new Failure('from the rest'); }
  function busy(word) { return word === 'one' || word === 'two' ? table.used : idle(word); }
  var Failure = class extends Error {};
  console.log(busy(process.argv[2]));
  if (process.argv[2] === 'fail') idleToo().catch((error) => console.log(error instanceof Failure, error.message));
`;

test('what no trial ran is read when it is called for, and sees the same things', async () => {
  const path = await packed(OF_TWO_PARTS);
  expect(runNode(path, 'one')).toBe('used value\n');
  expect(runNode(path, 'other')).toBe("[ 'otheridle value', 'used value' ]\n");
  expect(runNode(path, 'fail')).toContain('true from the rest\n');
});

/** Says the words it is started with, by a function for each. */
const OF_TWO_KINDS = `
  function one() { return 'said one'; }
  function two() { return 'said two'; }
  console.log(process.argv.slice(2).map((word) => (word === 'one' ? one() : two())).join());
`;

test('each kind of start reads what it runs, and can do all that the others do', async () => {
  const path = await packed(OF_TWO_KINDS, [['one'], ['two']]);
  const files = readdirSync(directory).filter((name) => name.endsWith('.code'));
  expect(files).toHaveLength(2);
  const outputs = (): string[] =>
    [['one'], ['two'], ['three'], ['x', 'two'], ['one', 'two']].map((words) => runNode(path, ...words));
  const all = ['said one\n', 'said two\n', 'said two\n', 'said two,said two\n', 'said one,said two\n'];
  expect(outputs()).toEqual(all);
  expect(readyFor('one', path)).toEqual(['said one']);
  expect(readyFor('two', path)).toEqual(['said two']);
});

test('an option counts as well where its value stands behind it', async () => {
  const path = await packed(OF_TWO_KINDS, [[], ['two']]);
  const reads = (word: string): string | undefined => {
    const log = join(directory, 'opened');
    const watch = `const fs = require('node:fs'); const open = fs.openSync;
      fs.openSync = (path, ...more) => { fs.appendFileSync(${JSON.stringify(log)}, path + '\\n'); return open(path, ...more); };
      process.argv = ['node', ${JSON.stringify(path)}, ${JSON.stringify(word)}]; require(process.argv[1]);`;
    rmSync(log, { force: true });
    runNode('-e', watch);
    return readFileSync(log, 'utf8')
      .split('\n')
      .find((line) => line.endsWith('.code'));
  };
  expect(reads('two=2')).toBe(reads('two'));
  expect(reads('two')).not.toBe(reads('twofold'));
});

/** Which of the two texts is in front of the rest, in the file for a word. */
function readyFor(word: string, program: string): string[] {
  const pattern = new RegExp(`words: \\["${word}"\\], file: "(.*?)", compiled: (\\d+), start: (\\d+)`);
  const [, file = '', compiled, start] = pattern.exec(readFileSync(program, 'latin1')) ?? [];
  const text = readFileSync(join(directory, file), 'latin1').slice(Number(compiled)).slice(0, Number(start));
  return ['said one', 'said two'].filter((said) => text.includes(said));
}

test('the rest is not read by what does without it, and is there when another version has taken its place', async () => {
  const later =
    'process.argv[2] === "late" ? setTimeout(() => console.log(idle("x")), 300) : 0; function idle(x) { return x + 1; }';
  const path = await packed(later);
  const code = join(directory, readdirSync(directory).find((name) => name.endsWith('.code')) ?? '');
  const replaced = `setTimeout(() => require('node:fs').truncateSync(${JSON.stringify(code)}, 0), 50);`;
  const gone = `setTimeout(() => require('node:fs').rmSync(${JSON.stringify(code)}), 50);`;
  const start = (action: string): string =>
    runNode('-e', `process.argv = ['node', ${JSON.stringify(path)}, 'late']; ${action} require(process.argv[1]);`);
  expect(start(replaced)).not.toContain('x1'); // so it was not read before
  await packed(later);
  expect(start(gone)).toBe('x1\n');
});
