import { ConfigError } from '@coracle/oci-spec';
import { validateConfig } from '@coracle/oci-spec/validate';
import { describe, expect, test } from '@jest/globals';
import { problemsOf } from './tree.ts';

const failure = (value: unknown): unknown => {
  try {
    return validateConfig(value);
  } catch (error) {
    return error;
  }
};

test('the error carries the path, what was found and what is allowed', () => {
  const error = failure({ ociVersion: '1.3.0', root: { path: 7 } });
  expect(error).toBeInstanceOf(ConfigError);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'ConfigError',
    code: 'ERR_CORACLE_CONFIG',
    path: '$.root.path',
    found: '7',
    allowed: 'a non-empty string without NUL',
    message: 'invalid configuration: $.root.path must be a non-empty string without NUL, found 7',
  });
});

test('all problems are listed in the order of the fields, and the message counts them', () => {
  const error = failure({ root: {}, mounts: [{ destination: '' }, {}, 'x'], process: { args: [] } });
  expect(error).toMatchObject({
    problems: [
      { path: '$.ociVersion', found: 'nothing' },
      { path: '$.root.path', found: 'nothing' },
      { path: '$.mounts[0].destination', found: '""' },
      { path: '$.mounts[1].destination', found: 'nothing' },
      { path: '$.mounts[2]', found: '"x"', allowed: 'an object' },
      { path: '$.process.cwd', found: 'nothing' },
      { path: '$.process.args', found: 'an empty array' },
    ],
    message: expect.stringMatching(/^invalid configuration: \$\.ociVersion must be .* \(and 6 more problems\)$/),
  });
});

test('two problems are one more', () => {
  expect(failure({})).toMatchObject({ message: expect.stringMatching(/\(and 1 more problem\)$/) });
});

describe('what was found is shown short', () => {
  test.each<[unknown, string]>([
    [undefined, 'nothing'],
    [null, 'null'],
    [[], 'an empty array'],
    [[1, 2], 'an array of 2'],
    ['text', '"text"'],
    ['a\0b', '"a\\u0000b"'],
    ['x'.repeat(100), `"${'x'.repeat(60)}..."`],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [10n, '10'],
    [true, 'true'],
    [Symbol.iterator, 'Symbol(Symbol.iterator)'],
    [() => 'text', 'a function'],
  ])('%p', (value, found) => {
    expect(problemsOf(value)).toEqual([{ path: '$', found, allowed: 'an object' }]);
  });

  test('an object', () => {
    const [problem] = problemsOf({ ociVersion: {}, root: { path: '/r' } });
    expect(problem).toMatchObject({ path: '$.ociVersion', found: 'an object' });
  });
});
