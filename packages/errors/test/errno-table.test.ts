import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { type ErrnoName, errnoName, errnoNumber, errnoText } from '@coracle/errors';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';

/** Names that C gives to a number that has another name already. */
const ALIASES = ['EWOULDBLOCK', 'EDEADLOCK', 'ENOTSUP'];

const NUMBERS = Array.from({ length: 4096 }, (_, number) => number);
const NAMES: ErrnoName[] = NUMBERS.flatMap((number) => errnoName(number) ?? []);

describe('the table', () => {
  test('has the 131 errnos of Linux', () => {
    expect(NAMES).toHaveLength(131);
  });

  test('every name leads to its number and back, given as C or as the kernel writes it', () => {
    for (const name of NAMES) {
      const number = errnoNumber(name);
      expect([name, errnoName(number), errnoName(-number)]).toEqual([name, name, name]);
    }
  });

  test('no two names share a number or a text', () => {
    expect(new Set(NAMES.map(errnoNumber)).size).toBe(NAMES.length);
    expect(new Set(NAMES.map(errnoText)).size).toBe(NAMES.length);
  });

  test.each([0, 41, 58, 134, -134, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('%p is no errno', (number) => {
    expect(errnoName(number)).toBeUndefined();
  });

  test('every text can stand within a sentence', () => {
    for (const name of NAMES)
      expect([name, errnoText(name)]).toEqual([name, expect.stringMatching(/^(?![A-Z][a-z]).*[^.\s]$/)]);
  });
});

describe('compared with Node', () => {
  test('os.constants.errno has the same numbers', () => {
    const shared = Object.entries(constants.errno).filter(([name]) => !ALIASES.includes(name));
    expect(shared.length).toBeGreaterThan(70);
    for (const [name, number] of shared) expect([name, errnoName(number)]).toEqual([name, name]);
  });

  test('util.getSystemErrorMap has the same numbers', () => {
    const ofKernel = [...getSystemErrorMap()].filter(([number, [name]]) => number > -134 && !ALIASES.includes(name));
    expect(ofKernel.length).toBeGreaterThan(60);
    for (const [number, [name]] of ofKernel) expect([name, errnoName(number)]).toEqual([name, name]);
  });
});

needs.describe(needs.program('cc'))('compared with C', () => {
  const defined = cNames();

  test('errno.h has the same names', () => {
    expect(defined.toSorted()).toEqual([...NAMES, ...ALIASES].toSorted());
  });

  test('numbers and texts are those of errno.h and strerror(3), but for capitals', () => {
    const ours = NAMES.map((name) => `${name} ${errnoNumber(name)} ${errnoText(name)}`.toLowerCase());
    const theirs = cTable(NAMES).map((line) => line.toLowerCase());
    expect(ours).toEqual(theirs);
  });
});

/** The names errno.h defines as numbers or as other names. */
function cNames(): string[] {
  const macros = execFileSync('cc', ['-E', '-dM', '-x', 'c', '-'], { input: '#include <errno.h>\n', encoding: 'utf8' });
  return [...macros.matchAll(/^#define (E[A-Z0-9]+) \w+$/gm)].map((match) => match[1] ?? '');
}

/** `NAME number text` of each name, as a C program prints it. */
function cTable(names: string[]): string[] {
  const prints = names.map((name) => `printf("%s %d %s\\n", "${name}", ${name}, strerror(${name}));`).join('\n');
  const source = `#include <errno.h>\n#include <stdio.h>\n#include <string.h>\nint main(void) { ${prints} return 0; }\n`;
  const directory = mkdtempSync(join(tmpdir(), 'coracle-errno-'));
  try {
    const program = join(directory, 'table');
    execFileSync('cc', ['-x', 'c', '-o', program, '-'], { input: source });
    return execFileSync(program, { encoding: 'utf8', env: { LC_ALL: 'C' } })
      .trimEnd()
      .split('\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
}
