import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkFiles, checkIndex, checkReadme } from '../src/check-files.ts';

function readme(lines: number, example = '```ts\nrun();\n```'): string {
  return `${example}\n${'text\n'.repeat(lines - example.split('\n').length)}`;
}

describe('a README', () => {
  test.each([60, 150])('of %d lines with an example is right', (lines) => {
    expect(checkReadme(readme(lines))).toEqual([]);
  });

  test.each([59, 151])('of %d lines is not', (lines) => {
    expect(checkReadme(readme(lines))).toEqual([`README.md has ${lines} lines; 60 to 150 are wanted`]);
  });

  test('without an example is not', () => {
    expect(checkReadme(readme(60, '```sh\nls\n```'))).toEqual(['README.md has no ```ts example']);
  });
});

describe('the index', () => {
  test('may have a comment and any kind of re-export', () => {
    expect(checkIndex("/** What it is. */\nexport * from './a.ts';\nexport { type B, c } from './d.ts';")).toEqual([]);
  });

  test.each([
    ['a constant', "export * from './a.ts';\nexport const b = 1;"],
    ['an import', "export * from './a.ts';\nimport { b } from './b.ts';"],
    ['an export of its own', "export * from './a.ts';\nexport {};"],
  ])('with %s does more, and the line is named', (_, text) => {
    expect(checkIndex(text)).toEqual(['src/index.ts:2 does more than re-export']);
  });
});

test('an empty package lacks every file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'coracle-manifests-'));
  try {
    mkdirSync(join(directory, 'test'));
    writeFileSync(join(directory, 'README.md'), readme(60));
    expect(checkFiles(directory)).toEqual([
      'there is no tsup.config.ts',
      'there is no tsconfig.json',
      'there is no jest.config.js',
      'there is no src/index.ts',
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
