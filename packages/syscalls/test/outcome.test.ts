import {
  chdir,
  close,
  encode,
  fchdir,
  mkdirat,
  Outcome,
  openat,
  output,
  type Program,
  resultOf,
  type Step,
  step,
} from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';

const NOT_MADE = -125;

/** What a program comes to when its calls return these numbers; the outputs hold their own offsets. */
function outcomeOf(program: Program | Step[], results: readonly number[]): Outcome {
  const message = encode('steps' in program ? program : { steps: program }, { base: 0n, arch: 'x64' });
  const report = new Uint8Array(message.report.length);
  const view = new DataView(report.buffer);
  for (const { offset, length } of message.outputs.values()) report.fill(offset, offset, offset + length);
  results.forEach((result, index) => {
    view.setBigInt64(index * 8, BigInt(result), true);
  });
  return new Outcome(message, report);
}

const open = openat({ path: '/x', flags: 0 }, { why: 'open it', result: 'x' });

test('results are those of the calls, and undefined where no call was made', () => {
  const outcome = outcomeOf([open, chdir('/', 'a'), chdir('/', 'b')], [3, -2, NOT_MADE]);
  expect(outcome.results).toEqual([3, -2, undefined]);
});

describe('the result of a name', () => {
  test('is what the call returned', () => {
    expect(outcomeOf([open], [7]).result('x')).toBe(7);
  });

  test('is undefined when the call failed, was not made, or is not in the program', () => {
    expect(outcomeOf([open], [-2]).result('x')).toBeUndefined();
    expect(outcomeOf([open], [NOT_MADE]).result('x')).toBeUndefined();
    expect(outcomeOf([open], [7]).result('y')).toBeUndefined();
  });

  test('is that of the last step with the name', () => {
    expect(outcomeOf([open, open], [3, 4]).result('x')).toBe(4);
  });
});

describe('an output', () => {
  const program = [step('uname', [output('a', 3)], 'a'), step('uname', [output('b', 5)], 'b')];

  test('is the bytes of its place', () => {
    const outcome = outcomeOf(program, [0, 0]);
    expect([...outcome.output('a')]).toEqual([16, 16, 16]);
    expect([...outcome.output('b')]).toEqual([24, 24, 24, 24, 24]);
  });

  test('is a copy: what is done to it does not come back', () => {
    const outcome = outcomeOf(program, [0, 0]);
    outcome.output('a').fill(0);
    expect([...outcome.output('a')]).toEqual([16, 16, 16]);
  });

  test('that the program does not have is an error of the caller', () => {
    expect(() => outcomeOf(program, [0, 0]).output('c')).toThrow(new TypeError("the program has no output 'c'"));
  });
});

describe('a failure', () => {
  test('is the first call that returned an errno, with its step', () => {
    const steps = [chdir('/a', 'a'), chdir('/b', 'b'), chdir('/c', 'c')];
    expect(outcomeOf(steps, [0, -2, NOT_MADE]).failure).toEqual({ step: steps[1], errno: -2 });
  });

  test('is none when all went well, or nothing was to do', () => {
    expect(outcomeOf([open], [3]).failure).toBeUndefined();
    expect(outcomeOf([], []).failure).toBeUndefined();
    expect(() => outcomeOf([open], [3]).throwIfFailed()).not.toThrow();
  });

  test('is none for an error the step tolerates, and is one for another error', () => {
    const steps = [mkdirat({ path: '/x' }, { why: 'make it', tolerate: ['EEXIST'] })];
    expect(outcomeOf(steps, [-17]).failure).toBeUndefined();
    expect(outcomeOf(steps, [-13]).failure?.errno).toBe(-13);
  });

  test('is none for any error of a step that tolerates all, even one without a name', () => {
    const steps = [mkdirat({ path: '/x' }, { why: 'make it', tolerate: 'any' })];
    expect(outcomeOf(steps, [-17]).failure).toBeUndefined();
    expect(outcomeOf(steps, [-524]).failure).toBeUndefined();
  });

  test('is none for a step passed over since the result it needs is missing', () => {
    const steps = [{ ...open, tolerate: 'any' as const }, fchdir(resultOf('x'), 'a'), chdir('/', 'b')];
    expect(outcomeOf(steps, [-2, -2, 0]).failure).toBeUndefined();
  });

  test('is none for steps passed over in a row', () => {
    const dup = step('fcntl', [resultOf('x'), 0, 0], { why: 'copy it', result: 'y' });
    const steps = [{ ...open, tolerate: 'any' as const }, dup, fchdir(resultOf('y'), 'a')];
    expect(outcomeOf(steps, [-2, -2, -2]).failure).toBeUndefined();
  });

  test('of a name that was given twice is judged by the one who gave it last before the step', () => {
    const again: Step = { ...open, tolerate: 'any' };
    const use = fchdir(resultOf('x'), 'a');
    expect(outcomeOf([open, again, use], [3, -2, -2]).failure).toBeUndefined();
    expect(outcomeOf([again, open, use], [-2, 3, -20]).failure).toEqual({ step: use, errno: -20 });
  });

  test('of a step that replaces the result it uses is not taken for one passed over', () => {
    const again = step('fcntl', [resultOf('x'), 0, 0], { why: 'copy it', result: 'x' });
    expect(outcomeOf([open, again], [3, -24]).failure).toEqual({ step: again, errno: -24 });
  });

  test('of the steps at the end does not count', () => {
    expect(outcomeOf({ steps: [open], finally: [close(resultOf('x'), 'a')] }, [3, -9]).failure).toBeUndefined();
  });

  test('is thrown as an error that names the step', () => {
    expect(() => outcomeOf([chdir('/a', 'stand there')], [-2]).throwIfFailed()).toThrow(
      "ENOENT: no such file or directory, chdir '/a': could not stand there",
    );
  });
});
