import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { tallyOf } from './tally.mjs';
import { runWatched } from './watched.mjs';

// As arguments and not in NODE_OPTIONS: Jest hands them to its workers, but programs that the tests start are to be plain.
const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
// Jest ends no test that waits in a synchronous call, and stays for ever where a test has left something open. A kernel
// file takes half a minute at most; CI gives a quarter of an hour to all files.
const KERNEL_LIMIT_MS = 5 * 60_000;
const UNIT_LIMIT_MS = 10 * 60_000;

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
  return run(jest, files, ['--maxWorkers', '100%', ...options], { name: 'unit', limitMs: UNIT_LIMIT_MS });
}

/**
 * Runs one file in one process. A file that does not come to an end is ended, and counts as a failed test.
 * @param {Jest} jest
 * @param {string} file
 * @param {string[]} options of Jest
 * @param {number} [limitMs] (default: 5 minutes)
 * @returns {Promise<import('./tally.mjs').Tally>}
 */
export function runKernelTest(jest, file, options, limitMs = KERNEL_LIMIT_MS) {
  // Alone, for Jest takes half a second to look at all the others.
  const workspace = relative(jest.root, file).split('/').slice(0, 2).join('/');
  return run(jest, [file], ['--runInBand', '--projects', workspace, ...options], { name: 'kernel', limitMs });
}

async function run(jest, files, options, { name, limitMs }) {
  const path = join(jest.scratch, `report-${name}.json`);
  rmSync(path, { force: true }); // of the file before
  const args = [...options, '--json', '--outputFile', path, '--runTestsByPath', ...files];
  const { code, overdue } = await start(jest, args, 'ignore', limitMs);
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

function start({ root, cache, scratch }, args, stdout, limitMs) {
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const all = [...NODE_FLAGS, jest, '--ci', '--cacheDirectory', cache, ...args];
  return runWatched(all, { cwd: root, scratch, stdout, limitMs });
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
