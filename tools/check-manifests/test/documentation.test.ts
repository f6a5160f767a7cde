import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import ts from 'typescript';
import { documentation } from '../src/documentation.ts';

const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.Preserve,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  noEmit: true,
  types: [],
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coracle-documentation-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function documented(module: string, index = "export * from './module.ts';") {
  writeFileSync(join(root, 'module.ts'), module);
  writeFileSync(join(root, 'index.ts'), index);
  return documentation(root, [join(root, 'index.ts')], OPTIONS);
}

test('a documented function with an example is in order', () => {
  const text = '/**\n * Adds.\n * @example\n * add(1, 2);\n */\nexport function add(): void {}';
  expect(documented(text)).toEqual({ undocumented: [], functions: 1, withoutExample: [] });
});

test.each([
  'export function bare(): void {}',
  'export const bare = 1;',
  'export interface bare {}',
  'export type bare = 1;',
  'export class bare {}',
])('%s has no doc comment, and is named where it is written', (text) => {
  expect(documented(`\n${text}`).undocumented).toEqual(['module.ts:2 bare']);
});

test('a line comment and a lone tag are no doc comment', () => {
  const { undocumented } = documented('// Adds.\nexport const a = 1;\n/** @see add(2) */\nexport const b = 1;');
  expect(undocumented).toEqual(['module.ts:2 a', 'module.ts:4 b']);
});

test('what is not exported needs none', () => {
  const { undocumented } = documented('const hidden = 1;\nexport const other = hidden;', 'export {};');
  expect(undocumented).toEqual([]);
});

test('a function without an example is counted, also as a constant and under another name', () => {
  const text =
    '/** Adds. */\nexport function add(): void {}\n/** Subtracts. */\nexport const subtract = (): void => {};';
  expect(documented(text, "export { add as plus, subtract } from './module.ts';")).toEqual({
    undocumented: [],
    functions: 2,
    withoutExample: ['module.ts:2 add', 'module.ts:4 subtract'],
  });
});
