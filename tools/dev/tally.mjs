import { basename } from 'node:path';

/**
 * What a run of tests came to.
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed tests, and whatever failed outside of one: a file that does not load, Jest itself
 * @property {number} skipped
 * @property {string[]} skips titles of the skipped tests, which say why
 * @property {string[]} failures each failed test with the beginning of what it said, on one line
 * @property {string[]} unsteady the same of tests that failed first and passed when tried again
 */

/**
 * What is used of Jest's report.
 * @typedef {object} Report
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {number} numRuntimeErrorTestSuites
 * @property {{ name: string, status: string, message: string, assertionResults: Result[] }[]} testResults one for each file
 *
 * @typedef {object} Result
 * @property {string} status
 * @property {string} fullName
 * @property {string[]} failureMessages
 * @property {string[]} [retryReasons] what it said before it was tried again
 */

/** @type {Tally} */
export const NOTHING = { passed: 0, failed: 0, skipped: 0, skips: [], failures: [], unsteady: [] };

const SAID_LENGTH = 500;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of control characters.
const COLOUR = /\x1b\[[0-9;]*m/g;

/**
 * The tally of one run of Jest.
 * @param {Report | undefined} report what `--json` wrote, if it wrote anything
 * @param {number | null} code Jest's exit code; null when a signal ended it
 * @returns {Tally}
 */
export function tallyOf(report, code) {
  if (!report) return { ...NOTHING, failed: 1 };
  const results = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((result) => ({ file: basename(name), ...result })),
  );
  const skips = results
    .filter(({ status }) => status === 'pending' || status === 'todo' || status === 'skipped' || status === 'disabled')
    .map(({ fullName }) => fullName);
  const failures = results
    .filter(({ status }) => status === 'failed')
    .map(({ file, fullName, failureMessages }) => said(file, fullName, failureMessages));
  const unloaded = report.testResults
    .filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0)
    .map(({ name, message }) => said(basename(name), 'does not load', [message]));
  const unsteady = results
    .filter(({ status, retryReasons }) => status === 'passed' && retryReasons?.length > 0)
    .map(({ file, fullName, retryReasons }) => said(file, fullName, retryReasons));
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
    skips,
    failures: [...failures, ...unloaded],
    unsteady,
  };
}

function said(file, title, messages) {
  const text = messages.join(' ').replace(COLOUR, '').replace(/\s+/g, ' ').trim();
  return `${file}: ${title}: ${text.slice(0, SAID_LENGTH)}`.replaceAll('\n', ' ');
}

/**
 * @param {Tally} a
 * @param {Tally} b
 * @returns {Tally}
 */
export function add(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    skips: [...a.skips, ...b.skips],
    failures: [...a.failures, ...b.failures],
    unsteady: [...a.unsteady, ...b.unsteady],
  };
}

/**
 * Each skipped title once, what failed, then the numbers on a line of their own.
 * @param {Tally} tally
 * @returns {string}
 */
export function summary({ passed, failed, skipped, skips, failures, unsteady }) {
  const lines = [
    ...[...new Set(skips)].map((title) => `skipped: ${title.replaceAll('\n', ' ')}`),
    ...unsteady.map((line) => `unsteady: ${line}`),
    ...failures.map((line) => `failed: ${line}`),
  ];
  return [...lines, `${passed} passed, ${failed} failed, ${skipped} skipped`, ''].join('\n');
}

/**
 * A run in which nothing ran has proved nothing, so it fails.
 * @param {Tally} tally
 */
export function exitCode({ passed, failed }) {
  return failed === 0 && passed > 0 ? 0 : 1;
}
