import { STATUSES } from '@coracle/oci-spec';
import { parseState, validateState } from '@coracle/oci-spec/validate';
import { describe, expect, test } from '@jest/globals';
import { problemsOf } from './tree.ts';

const running = { ociVersion: '1.3.0', id: 'box', status: 'running', pid: 4422, bundle: '/run/box' };

describe('a state', () => {
  test.each(STATUSES)('that is %s passes', (status) => {
    const state = { ...running, status, annotations: { note: '' } };
    expect(validateState(state)).toBe(state);
    expect(parseState(JSON.stringify(state))).toEqual(state);
  });

  test.each(['creating', 'stopped'])('that is %s needs no process', (status) => {
    expect(problemsOf({ ...running, status, pid: 0 }, validateState)).toEqual([]);
    expect(problemsOf({ ...running, status, pid: undefined }, validateState)).toEqual([]);
  });

  test.each<[title: string, change: object, path: string, allowed: string | RegExp]>([
    ['created without a process', { status: 'created', pid: undefined }, '$.pid', /as the container is created$/],
    ['running as process 0', { pid: 0 }, '$.pid', /as the container is running$/],
    ['without a name', { id: '' }, '$.id', 'a non-empty string without NUL'],
    ['of a relative bundle', { bundle: 'box' }, '$.bundle', /^an absolute path/],
    ['of no version', { ociVersion: undefined }, '$.ociVersion', /^a version/],
    ['with an annotation that is no text', { annotations: { a: 1 } }, '$.annotations.a', 'a string without NUL'],
  ])('%s is refused', (_, change, path, allowed) => {
    expect(problemsOf({ ...running, ...change }, validateState)).toEqual([
      {
        path,
        found: expect.any(String),
        allowed: typeof allowed === 'string' ? allowed : expect.stringMatching(allowed),
      },
    ]);
  });

  test('in no known status is an invalid state, with the nearest as a hint', () => {
    expect(() => validateState({ ...running, status: 'runing' })).toThrow(
      expect.objectContaining({
        message: 'invalid state: $.status must be one of creating, created, running, stopped, paused, found "runing"',
        hint: "did you mean 'running'?",
      }),
    );
  });
});
