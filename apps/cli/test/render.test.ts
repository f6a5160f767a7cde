import { SystemError } from '@coracle/errors';
import { describe, expect, test } from '@jest/globals';
import { renderChecks } from '../src/render/doctor.ts';
import { renderError } from '../src/render/error.ts';
import { renderExplanation } from '../src/render/explain.ts';

describe('renderError', () => {
  const cause = new Error('the deeper reason');
  const error = new SystemError({
    code: 'EPERM',
    syscall: 'mount',
    path: 'proc',
    dest: '/proc',
    hint: 'be root',
    cause,
  });

  test('one line and the hint', () => {
    expect(renderError(error, { debug: false, json: false })).toBe(
      "coracle: EPERM: operation not permitted, mount 'proc' -> '/proc'\n  hint: be root",
    );
  });

  test('with --debug where it arose and its cause', () => {
    const text = renderError(error, { debug: true, json: false });
    expect(text).toContain('cause: the deeper reason');
    expect(text).toContain('render.test.ts');
  });

  test('with --json an object', () => {
    expect(JSON.parse(renderError(error, { debug: false, json: true }))).toEqual({
      error: { message: error.message, code: 'EPERM', hint: 'be root' },
    });
  });

  test('anything thrown is shown', () => {
    expect(renderError('text', { debug: true, json: false })).toBe('coracle: text');
  });
});

describe('renderExplanation', () => {
  test('a question, each purpose once, its calls below it', () => {
    const text = renderExplanation([
      {
        question: 'What?',
        by: 'init',
        steps: [
          { number: 1, why: 'do it', syscall: 'a', call: 'a()' },
          { number: 2, why: 'do it', syscall: 'b', call: 'b()' },
          { number: 3, why: 'undo it', syscall: 'c', call: 'c()' },
        ],
      },
      { question: 'Nothing?', by: 'monitor', steps: [] },
    ]);
    expect(text).toBe(
      'What?  (the first process, inside)\n  do it\n      1  a()\n      2  b()\n  undo it\n      3  c()\n',
    );
  });
});

describe('renderChecks', () => {
  test('a line each, and the command that fixes it', () => {
    const text = renderChecks([
      { topic: 'kernel', status: 'ok', found: '6.18', needed: '5.12' },
      {
        topic: 'newuidmap',
        status: 'missing',
        found: 'not installed',
        needed: 'newuidmap',
        fix: 'sudo apt install uidmap',
      },
    ]);
    expect(text).toBe(
      'ok       kernel     6.18\nMISSING  newuidmap  not installed\n                    fix: sudo apt install uidmap\n',
    );
  });
});
