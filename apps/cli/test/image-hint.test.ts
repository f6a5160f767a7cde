import { ProgramError } from '@coracle/container';
import { describe, expect, test } from '@jest/globals';
import { hintAtImages } from '../src/image-hint.ts';

const PLAIN = 'it is in no directory of PATH';

function absent(program: string, isAbsent = true): ProgramError {
  return new ProgramError(program, { code: 'ENOENT', exitCode: 127, hint: PLAIN, isAbsent });
}

function hintFor(words: string[], hasRoot = false): unknown {
  return hintAtImages(absent(words[0] ?? ''), { words, hasRoot });
}

describe('a program that was not found', () => {
  test.each(['alpine:3', 'library/alpine', 'docker.io/library/alpine', 'alpine@sha256:0123', 'localhost:5000/x'])(
    '%s looks like an image, so the hint says that there are none and what to write',
    (word) => {
      for (const hasRoot of [false, true])
        expect(hintFor([word, 'sh'], hasRoot)).toMatchObject({
          exitCode: 127,
          hint: `${word} looks like an image; there are no images yet, so unpack one into a directory and write coracle run --rootfs DIR sh`,
        });
    },
  );

  test('in the default root may be an image that a plain word names', () => {
    expect(hintFor(['alpine', 'sh', '-c', 'ls'])).toMatchObject({
      hint: expect.stringMatching(/^it is in no directory of PATH; if alpine is an image: .* --rootfs DIR sh \.\.\.$/),
    });
    expect(hintFor(['alpine'])).toMatchObject({ hint: expect.stringMatching(/--rootfs DIR COMMAND$/) });
  });

  test('in a root that was named is a program and nothing else', () => {
    expect(hintFor(['alpine', 'sh'], true)).toMatchObject({ hint: PLAIN });
  });

  test.each(['/bin/a:b', './a:b', '../bin/a@b'])('%s is a path and does not look like an image', (word) => {
    for (const hasRoot of [false, true]) expect(hintFor([word], hasRoot)).toMatchObject({ hint: PLAIN });
  });

  test('is another thing than one whose interpreter is missing, or any other failure', () => {
    const found = absent('x:1', false);
    expect(hintAtImages(found, { words: ['x:1'], hasRoot: false })).toBe(found);
    expect(found.hint).toBe(PLAIN);
    expect(hintAtImages('anything', { words: ['x:1'], hasRoot: false })).toBe('anything');
  });
});
