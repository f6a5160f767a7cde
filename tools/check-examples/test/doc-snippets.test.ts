import { expect, test } from '@jest/globals';
import { docSnippets } from '../src/doc-snippets.ts';

function found(text: string): [line: number, code: string][] {
  return docSnippets('a.ts', text).map(({ line, code }) => [line, code]);
}

test('an example beside its tag', () => {
  expect(found('/** @example add(1, 2) */\nexport function add() {}')).toEqual([[1, 'add(1, 2)']]);
});

test('an example of several lines keeps its indentation', () => {
  const text = '/**\n * Adds.\n * @example\n * if (x) {\n *   add(1);\n * }\n */\nexport function add() {}';
  expect(found(text)).toEqual([[4, 'if (x) {\n  add(1);\n}']]);
});

test('it ends where the next tag begins', () => {
  expect(found('/**\n * @example\n * add(1);\n * @see sum(3)\n */\nexport const add = 1;')).toEqual([[3, 'add(1);']]);
});

test('a fence around it is not code', () => {
  const text = '/**\n * @example\n * ```ts\n * add(1);\n * ```\n */\nexport const add = 1;';
  expect(found(text).map(([, code]) => code)).toEqual(['add(1);']);
});

test('an import of a package is no tag', () => {
  const text = "/**\n * @example\n * import { a } from '@coracle/a';\n * a();\n */\nexport const add = 1;";
  expect(found(text)).toEqual([[3, "import { a } from '@coracle/a';\na();"]]);
});

test('those of methods are found too, each once', () => {
  const text = 'export class A {\n  /** @example new A().b() */\n  b() {}\n  /** @example c */\n  c = 1;\n}';
  expect(found(text)).toEqual([
    [2, 'new A().b()'],
    [4, 'c'],
  ]);
});
