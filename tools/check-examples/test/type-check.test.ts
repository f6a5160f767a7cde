import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { exportedNames, homeOf, readPackages } from '../src/packages.ts';
import type { Snippet } from '../src/snippet.ts';
import { typeCheck, type Workspace } from '../src/type-check.ts';

const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.Preserve,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  customConditions: ['@coracle/source'],
  target: ts.ScriptTarget.ES2022,
  allowImportingTsExtensions: true,
  noEmit: true,
  strict: true,
  types: [],
};

let workspace: Workspace;
beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), 'coracle-examples-'));
  const directory = join(root, 'packages/sums');
  mkdirSync(join(directory, 'src'), { recursive: true });
  const exports = { '.': { '@coracle/source': './src/index.ts' } };
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: '@coracle/sums', exports }));
  writeFileSync(join(directory, 'src/index.ts'), 'export const add = (a: number, b: number): number => a + b;');
  const packages = readPackages(root);
  workspace = { root, packages, names: exportedNames(packages, OPTIONS), options: OPTIONS };
});
afterAll(() => rmSync(workspace.root, { recursive: true }));

function errors(kind: Snippet['kind'], code: string, file = 'packages/sums/README.md'): string[] {
  return typeCheck([{ file, line: 10, code, kind }], workspace);
}

describe('a whole program', () => {
  test('may import the package it documents by name', () => {
    expect(errors('run', "import { add } from '@coracle/sums';\nadd(1, 2);")).toEqual([]);
  });

  test('is told of a type error with the line in the README', () => {
    expect(errors('check', "import { add } from '@coracle/sums';\nadd(1, 'two');")).toEqual([
      expect.stringMatching(/^packages\/sums\/README\.md:11: .*'string' is not assignable/),
    ]);
  });

  test('must declare or import every name', () => {
    expect(errors('run', 'add(1, 2);')).toEqual([expect.stringMatching(/:10: Cannot find name 'add'/)]);
  });

  test('in the root’s README belongs to the package it imports', () => {
    expect(errors('run', "import { add } from '@coracle/sums';\nadd(1);", 'README.md')).toEqual([
      expect.stringMatching(/^README\.md:11: Expected 2 arguments/),
    ]);
  });

  test('shares no names with another one', () => {
    const snippet: Snippet = { file: 'packages/sums/README.md', line: 1, code: 'const a = 1;', kind: 'run' };
    expect(typeCheck([snippet, { ...snippet, line: 5 }], workspace)).toEqual([]);
  });
});

describe('a sketch', () => {
  const source = 'packages/sums/src/add.ts';

  test.each([
    ['uses the package’s names', 'add(1, 2);'],
    ['uses names the reader is to imagine', 'add(imagined, other.thing);'],
    ['awaits, returns and yields', 'await add(1, 2); yield 3; return 4;'],
    ['leaves something out', 'if (add(1, 2)) { ... }'],
    ['imports for itself', "import { add } from '@coracle/sums';\nadd(1, 2);"],
    ['declares a name anew', 'const add = 1; add + 1;'],
  ])('that %s is right', (_, code) => {
    expect(errors('sketch', code, source)).toEqual([]);
  });

  test.each([
    ['calls a function wrongly', '\nadd(1);', 'packages/sums/src/add.ts:11: Expected 2 arguments, but got 1.'],
    ['imports what is not there', "import { no } from '@coracle/sums';\n", 'has no exported member'],
    ['is no TypeScript', 'add(1,, 2', 'expected'],
  ])('that %s is not', (_, code, message) => {
    expect(errors('sketch', code, source)).toContainEqual(expect.stringContaining(message));
  });
});

test('a snippet without a package has no home', () => {
  expect(homeOf({ file: 'README.md', code: 'a();' }, workspace.packages)).toBeUndefined();
});
