import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const APP = fileURLToPath(new URL('../..', import.meta.url));
const HERE = join(APP, 'test/must');

/** A row of the table: the test that shows a line of the specification, and what came of it. */
interface Row {
  file: string;
  title: string;
  result: string;
}

function rows(): Row[] {
  return readFileSync(join(APP, 'MUST.md'), 'utf8')
    .split('\n')
    .flatMap((text) => {
      const [, anchor, , file = '', title = '', result = ''] =
        /^\| \[([^\]]+)\]\([^)]+\) \| (.+) \| \[[^\]]+\]\(([^)]+)\): (.+) \| (.+) \|$/.exec(text) ?? [];
      return anchor === undefined ? [] : [{ file, title, result }];
    });
}

const sources = new Map<string, string>();
function sourceOf(file: string): string {
  const path = resolve(APP, file);
  const text = sources.get(path) ?? readFileSync(path, 'utf8');
  sources.set(path, text);
  return text;
}

/** The titles of a file, as patterns: what is put into one when it runs may be any word. */
function titlesOf(file: string): RegExp[] {
  const literals = sourceOf(file).matchAll(/(['"`])((?:\\.|(?!\1)[^\\\n])+)\1/g);
  return [...literals].map(([, , text = '']) => {
    const plain = text.replaceAll(/\\(.)/g, '$1');
    const parts = plain.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    return new RegExp(`^${parts.join('\\w+')}$`);
  });
}

/** Whether a file has a test of that title, which may begin with the lines it is for: one test may show several. */
function hasTest({ file, title }: Row): boolean {
  return titlesOf(file).some((pattern) => {
    if (pattern.source.length > 4 && pattern.test(title)) return true;
    const lines = /^\^((?:[\w,\s-]|\\\.|#)+): /.exec(pattern.source)?.[1];
    return lines !== undefined && pattern.test(`${lines.replaceAll('\\.', '.')}: ${title}`);
  });
}

test('every line of MUST.md has a test of its title', () => {
  const table = rows();
  expect(table.length).toBeGreaterThan(150);
  expect(table.filter((row) => !hasTest(row)).map(({ file, title }) => `${file}: ${title}`)).toEqual([]);
});

test('every test that is named after a line stands in MUST.md', () => {
  const told = rows();
  const missing = readdirSync(HERE)
    .filter((name) => name.endsWith('.test.ts'))
    .flatMap((name) => [...sourceOf(`test/must/${name}`).matchAll(/['`]([\w-]+\.md#[^:]+): ([^'`\n]+)['`]/g)])
    .map(([, , title = '']) => title.replaceAll(/\$\{[^}]*\}/g, '.+'))
    .filter((title) => !told.some((row) => new RegExp(`^${title.replaceAll(/[()[\]?*|]/g, '\\$&')}$`).test(row.title)));
  expect(missing).toEqual([]);
});

test('the figures at the top of MUST.md are those of its table', () => {
  const table = rows();
  const count = (beginning: string): number => table.filter(({ result }) => result.startsWith(beginning)).length;
  const text = readFileSync(join(APP, 'MUST.md'), 'utf8');
  const [all, passing, planned, differing] = (
    /^(\d+) lines: (\d+) pass, (\d+) are shown .*?, (\d+) differ/m.exec(text) ?? []
  )
    .slice(1)
    .map(Number);
  expect({ all, passing, planned, differing }).toEqual({
    all: table.length,
    passing: count('passes'),
    planned: count('planned steps'),
    differing: count('differs'),
  });
});
