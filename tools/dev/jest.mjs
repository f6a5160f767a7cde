import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { add, NOTHING, tallyOf } from './tally.mjs';
import { runWatched, startWatched } from './watched.mjs';

// As arguments and not in NODE_OPTIONS: Jest hands them to its workers, but programs that the tests start are to be plain.
const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
// Jest ends no test that waits in a synchronous call, and stays for ever where a test has left something open. A kernel
// file takes half a minute at most; CI gives a quarter of an hour to all files.
const KERNEL_LIMIT_MS = 5 * 60_000;
const UNIT_LIMIT_MS = 10 * 60_000;
/** Runs in a Jest that was started ahead of its turn. */
const AWAIT_TURN = join(import.meta.dirname, 'await-turn.mjs');

/**
 * @typedef {object} Jest
 * @property {string} root the checkout
 * @property {string} scratch a directory for files that nobody needs afterwards
 * @property {string} cache where Jest keeps what it has transformed
 */

/**
 * The test files whose path matches one of the patterns; all files when there is none.
 * @param {Jest} jest
 * @param {string[]} patterns
 * @returns {Promise<string[]>}
 */
export async function findTests(jest, patterns) {
  const { output } = await start(jest, ['--listTests', '--json', ...patterns], 'pipe', KERNEL_LIMIT_MS);
  const list = output.split('\n').find((line) => line.startsWith('['));
  if (!list) throw new Error(`jest --listTests said: ${output}`);
  return JSON.parse(list).sort();
}

/**
 * Runs the files side by side. Jest's own report goes to standard error.
 * @param {Jest} jest
 * @param {string[]} files
 * @param {string[]} options of Jest
 * @returns {Promise<import('./tally.mjs').Tally>}
 */
export function runUnitTests(jest, files, options) {
  // Jest leaves one processor to others, which is half of a machine that has two.
  return run(jest, files, ['--maxWorkers', '100%', ...options], UNIT_LIMIT_MS);
}

/**
 * Runs the files one after the other, each in a process of its own: what one leaves in its process must not decide how the next one
 * fares. The process for the next gets ready meanwhile, which takes it a second. A file that does not come to an end is ended, and
 * counts as a failed test.
 * @param {Jest} jest
 * @param {string[]} files
 * @param {string[]} options of Jest
 * @param {number} [limitMs] for each file (default: 5 minutes)
 * @returns {Promise<import('./tally.mjs').Tally>}
 */
export async function runKernelTests(jest, files, options, limitMs = KERNEL_LIMIT_MS) {
  let tally = NOTHING;
  let next = files.slice(0, 1).map((file) => startKernelTest(jest, file, options));
  for (const index of files.keys()) {
    const [current] = next;
    next = files.slice(index + 1, index + 2).map((file) => startKernelTest(jest, file, options));
    tally = add(tally, await current(limitMs));
  }
  return tally;
}

/** Starts Jest for one file; what is returned lets it go on, and resolves with its tally. */
function startKernelTest(jest, file, options) {
  // Alone, for Jest takes half a second to look at all the others.
  const workspace = relative(jest.root, file).split('/').slice(0, 2).join('/');
  const report = reportPath(jest);
  const args = ['--runInBand', '--projects', workspace, '--globalSetup', AWAIT_TURN, ...options];
  const { go } = startWatched(argumentsOf(jest, [...args, ...reporting(report), '--runTestsByPath', file]), {
    cwd: jest.root,
    scratch: jest.scratch,
    stdout: 'ignore',
  });
  return async (limitMs) => tallyFrom(report, await go(limitMs), { jest, files: [file], limitMs });
}

async function run(jest, files, options, limitMs) {
  const report = reportPath(jest);
  const args = [...options, ...reporting(report), '--runTestsByPath', ...files];
  return tallyFrom(report, await start(jest, args, 'ignore', limitMs), { jest, files, limitMs });
}

let reports = 0;

function reportPath({ scratch }) {
  reports += 1;
  return join(scratch, `report-${reports}.json`);
}

function reporting(path) {
  return ['--json', '--outputFile', path];
}

function tallyFrom(path, { code, overdue }, { jest, files, limitMs }) {
  const report = readReport(path);
  if (overdue !== undefined)
    process.stderr.write(complaint(jest, files, { limitMs, overdue, over: report !== undefined }));
  return tallyOf(report, code);
}

function complaint({ root }, files, { limitMs, overdue, over }) {
  const what = files.length === 1 ? relative(root, files[0]) : `The run of ${files.length} files`;
  const state = over ? 'all of its tests were over, but something was left open' : 'its tests were not over';
  return `coracle: ${what} was ended after ${limitMs / 1000} s; ${state}. ${overdue}\n`;
}

function start(jest, args, stdout, limitMs) {
  return runWatched(argumentsOf(jest, args), { cwd: jest.root, scratch: jest.scratch, stdout, limitMs });
}

function argumentsOf({ root, cache }, args) {
  return [...NODE_FLAGS, join(root, 'node_modules/jest/bin/jest.js'), '--ci', '--cacheDirectory', cache, ...args];
}

/** Undefined when Jest died before it could write one. */
function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
