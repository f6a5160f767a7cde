import { describe, expect, test } from '@jest/globals';
import { add, exitCode, NOTHING, summary, tallyOf } from '../tally.mjs';

const report = (fields) => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  testResults: [],
  ...fields,
});

describe('the tally of a run', () => {
  test('has the numbers of the report', () => {
    const testResults = [
      {
        name: '/checkout/packages/one/test/x.test.ts',
        assertionResults: [
          { status: 'passed', fullName: 'a', retryReasons: [] },
          { status: 'pending', fullName: 'b (needs root)' },
          { status: 'passed', fullName: 'once\nmore', retryReasons: ['Error:\n  late'] },
        ],
      },
      {
        name: '/checkout/packages/one/test/y.test.ts',
        assertionResults: [
          { status: 'todo', fullName: 'c' },
          { status: 'failed', fullName: 'd', failureMessages: ['\x1b[31mExpected\x1b[39m\n\n1'] },
        ],
      },
      { name: '/checkout/z.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
    ];
    const counts = { numPassedTests: 2, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1 };
    expect(tallyOf(report({ ...counts, testResults }), 1)).toEqual({
      passed: 2,
      failed: 1,
      skipped: 2,
      skips: ['b (needs root)', 'c'],
      failures: ['y.test.ts: d: Expected 1', 'z.test.ts: does not load: no such module'],
      unsteady: ['x.test.ts: once more: Error: late'],
    });
  });

  test('counts a file that could not be loaded as a failure', () => {
    expect(tallyOf(report({ numPassedTests: 3, numRuntimeErrorTestSuites: 2 }), 1).failed).toBe(2);
  });

  test.each([1, null])('counts as a failure when Jest itself ended with %p and no test failed', (code) => {
    expect(tallyOf(report({ numPassedTests: 3 }), code).failed).toBe(1);
  });

  test('counts as a failure when Jest wrote no report', () => {
    expect(tallyOf(undefined, 0)).toEqual({ ...NOTHING, failed: 1 });
  });
});

test('two runs are added up', () => {
  const one = { passed: 1, failed: 2, skipped: 3, skips: ['a'], failures: ['c'], unsteady: ['e'] };
  const other = { passed: 10, failed: 20, skipped: 30, skips: ['b'], failures: ['d'], unsteady: ['f'] };
  expect(add(add(NOTHING, one), other)).toEqual({
    passed: 11,
    failed: 22,
    skipped: 33,
    skips: ['a', 'b'],
    failures: ['c', 'd'],
    unsteady: ['e', 'f'],
  });
});

describe('the summary', () => {
  test('ends with the numbers alone on their line', () => {
    expect(summary({ ...NOTHING, passed: 12 })).toBe('12 passed, 0 failed, 0 skipped\n');
  });

  test('names each skipped title once, on one line', () => {
    const skips = ['a (needs root)', 'a (needs root)', 'b\nc'];
    expect(summary({ ...NOTHING, passed: 1, skipped: 3, skips })).toBe(
      'skipped: a (needs root)\nskipped: b c\n1 passed, 0 failed, 3 skipped\n',
    );
  });

  test('names what failed, and what failed at first', () => {
    expect(summary({ ...NOTHING, passed: 1, failed: 1, failures: ['x: a'], unsteady: ['y: b'] })).toBe(
      'unsteady: y: b\nfailed: x: a\n1 passed, 1 failed, 0 skipped\n',
    );
  });
});

describe('the exit code', () => {
  test.each([
    ['all passed', 0, { passed: 1 }],
    ['one failed', 1, { passed: 9, failed: 1 }],
    ['no test ran', 1, {}],
    ['every test was skipped', 1, { skipped: 4 }],
  ])('when %s is %d', (_, code, counts) => {
    expect(exitCode({ ...NOTHING, ...counts })).toBe(code);
  });
});
