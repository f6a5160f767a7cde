import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tallyOf } from './tally.mjs';

// As arguments and not in NODE_OPTIONS: Jest hands them to its workers, but programs that the tests start are to be plain.
const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

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
  const { output } = await start(jest, ['--listTests', '--json', ...patterns], 'pipe');
  const list = output.split('\n').find((line) => line.startsWith('['));
  if (!list) throw new Error(`jest --listTests said: ${output}`);
  return JSON.parse(list).sort();
}

/**
 * Runs the files. Jest's own report goes to standard error.
 * @param {Jest} jest
 * @param {string[]} files
 * @param {string[]} options of Jest
 * @returns {Promise<import('./tally.mjs').Tally>}
 */
export async function runTests(jest, files, options) {
  const report = join(jest.scratch, `report-${options.includes('--runInBand') ? 'kernel' : 'unit'}.json`);
  const { code } = await start(
    jest,
    [...options, '--json', '--outputFile', report, '--runTestsByPath', ...files],
    'ignore',
  );
  return tallyOf(readReport(report), code);
}

function start({ root, cache }, args, stdout) {
  const all = [...NODE_FLAGS, join(root, 'node_modules/jest/bin/jest.js'), '--ci', '--cacheDirectory', cache, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, all, { cwd: root, stdio: ['ignore', stdout, 'inherit'] });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
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
