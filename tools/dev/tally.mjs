/**
 * What a run of tests came to.
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed tests, and whatever failed outside of one: a file that does not load, Jest itself
 * @property {number} skipped
 * @property {string[]} skips titles of the skipped tests, which say why
 */

/**
 * What is used of Jest's report.
 * @typedef {object} Report
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {number} numRuntimeErrorTestSuites
 * @property {{ assertionResults: { status: string, fullName: string }[] }[]} testResults
 */

/** @type {Tally} */
export const NOTHING = { passed: 0, failed: 0, skipped: 0, skips: [] };

/**
 * The tally of one run of Jest.
 * @param {Report | undefined} report what `--json` wrote, if it wrote anything
 * @param {number | null} code Jest's exit code; null when a signal ended it
 * @returns {Tally}
 */
export function tallyOf(report, code) {
  if (!report) return { ...NOTHING, failed: 1 };
  const skips = report.testResults
    .flatMap((file) => file.assertionResults)
    .filter(({ status }) => status === 'pending' || status === 'todo' || status === 'skipped' || status === 'disabled')
    .map(({ fullName }) => fullName);
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
    skips,
  };
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
  };
}

/**
 * Each skipped title once, then the numbers on a line of their own.
 * @param {Tally} tally
 * @returns {string}
 */
export function summary({ passed, failed, skipped, skips }) {
  const lines = [...new Set(skips)].map((title) => `skipped: ${title.replaceAll('\n', ' ')}`);
  return [...lines, `${passed} passed, ${failed} failed, ${skipped} skipped`, ''].join('\n');
}

/**
 * A run in which nothing ran has proved nothing, so it fails.
 * @param {Tally} tally
 */
export function exitCode({ passed, failed }) {
  return failed === 0 && passed > 0 ? 0 : 1;
}
