import { expect, test } from '@jest/globals';
import { errnoOf, isErrno } from '../src/index.ts';

test('an errno that Node calls by its other name is found by the one the kernel documents', () => {
  const error = Object.assign(new Error('operation not supported on socket'), { code: 'ENOTSUP', errno: -95 });
  expect(errnoOf(error)).toBe('EOPNOTSUPP');
  expect(isErrno(error, 'EOPNOTSUPP')).toBe(true);
  expect(isErrno(error, 'ENOENT')).toBe(false);
});

test('what has no errno has none', () => {
  expect([new Error('no'), { code: 'ERR_INVALID_ARG_TYPE' }, { code: 2 }, undefined].map(errnoOf)).toEqual(
    Array.from({ length: 4 }, () => undefined),
  );
});
