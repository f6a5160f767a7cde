import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkName } from '../src/index.ts';

describe('a name of a group', () => {
  test.each(['box', 'coracle/box', 'a/b/c', '...', '.hidden', 'with space', 'ünïcode', 'x'.repeat(255)])(
    '%j is taken',
    (name) => {
      expect(checkName(name)).toBeUndefined();
    },
  );

  test.each([
    '',
    '/',
    '/box',
    'box/',
    'a//b',
    '.',
    '..',
    '../box',
    'a/../../b',
    'a/.',
    'two\nlines',
    'a\0b',
    'x'.repeat(256),
    'ü'.repeat(128),
  ])('%j is refused', (name) => {
    expect(() => checkName(name)).toThrow(
      expect.objectContaining({
        code: 'EINVAL',
        path: name,
        hint: expect.stringContaining('write a name such as box'),
      }),
    );
  });

  test.each([[undefined], [null], [5], [{}], [['box']]])(
    '%j, which is no text, is refused in the same words',
    (given) => {
      const name: string = JSON.parse(JSON.stringify({ given }))['given'];
      expect(() => checkName(name)).toThrow(
        expect.objectContaining({ code: 'EINVAL', path: String(given), hint: expect.stringContaining('such as box') }),
      );
    },
  );

  test('any name that is taken stays below the group it is meant for', () => {
    const name = fc.string({ unit: fc.constantFrom('.', '/', 'a', '\n', '\\') });
    fc.assert(
      fc.property(name, (text) => {
        if (isTaken(text)) expect(join('/top', text)).toBe(`/top/${text}`);
        else expect(`/${text}/`).toMatch(/\/\/|\/\.\.?\/|\n/);
      }),
    );
  });
});

function isTaken(name: string): boolean {
  try {
    checkName(name);
    return true;
  } catch {
    return false;
  }
}
