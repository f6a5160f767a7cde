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
        assertionResults: [
          { status: 'passed', fullName: 'a' },
          { status: 'pending', fullName: 'b (needs root)' },
        ],
      },
      {
        assertionResults: [
          { status: 'todo', fullName: 'c' },
          { status: 'failed', fullName: 'd' },
        ],
      },
    ];
    const counts = { numPassedTests: 1, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1 };
    expect(tallyOf(report({ ...counts, testResults }), 1)).toEqual({
      passed: 1,
      failed: 1,
      skipped: 2,
      skips: ['b (needs root)', 'c'],
    });
  });

  test('counts a file that could not be loaded as a failure', () => {
    expect(tallyOf(report({ numPassedTests: 3, numRuntimeErrorTestSuites: 2 }), 1).failed).toBe(2);
  });

  test.each([1, null])('counts as a failure when Jest itself ended with %p and no test failed', (code) => {
    expect(tallyOf(report({ numPassedTests: 3 }), code).failed).toBe(1);
  });

  test('counts as a failure when Jest wrote no report', () => {
    expect(tallyOf(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0, skips: [] });
  });
});

test('two runs are added up', () => {
  const one = { passed: 1, failed: 2, skipped: 3, skips: ['a'] };
  expect(add(add(NOTHING, one), { passed: 10, failed: 20, skipped: 30, skips: ['b'] })).toEqual({
    passed: 11,
    failed: 22,
    skipped: 33,
    skips: ['a', 'b'],
  });
});

describe('the summary', () => {
  test('ends with the numbers alone on their line', () => {
    expect(summary({ passed: 12, failed: 0, skipped: 0, skips: [] })).toBe('12 passed, 0 failed, 0 skipped\n');
  });

  test('names each skipped title once, on one line', () => {
    const skips = ['a (needs root)', 'a (needs root)', 'b\nc'];
    expect(summary({ passed: 1, failed: 0, skipped: 3, skips })).toBe(
      'skipped: a (needs root)\nskipped: b c\n1 passed, 0 failed, 3 skipped\n',
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
