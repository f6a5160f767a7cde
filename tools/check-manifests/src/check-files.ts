import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const NEEDED = ['README.md', 'tsup.config.ts', 'tsconfig.json', 'jest.config.js', 'test', 'src/index.ts'];

/** What a package's directory lacks or has wrong. */
export function checkFiles(directory: string): string[] {
  const missing = NEEDED.filter((name) => !existsSync(join(directory, name)));
  const read = (name: string): string | undefined =>
    missing.includes(name) ? undefined : readFileSync(join(directory, name), 'utf8');
  return [
    ...missing.map((name) => `there is no ${name}`),
    ...checkReadme(read('README.md')),
    ...checkIndex(read('src/index.ts')),
  ];
}

/**
 * A README has 60 to 150 lines and an example.
 * @example
 * checkReadme('# A package'); // ['README.md has 1 line; 60 to 150 are wanted', 'README.md has no ```ts example']
 */
export function checkReadme(text: string | undefined): string[] {
  if (text === undefined) return [];
  const lines = text.trimEnd().split('\n').length;
  return [
    ...(lines >= 60 && lines <= 150 ? [] : [`README.md has ${lines} lines; 60 to 150 are wanted`]),
    ...(/^```ts\b/m.test(text) ? [] : ['README.md has no ```ts example']),
  ];
}

/** The public entry is a table of contents: it only re-exports. */
export function checkIndex(text: string | undefined): string[] {
  if (text === undefined) return [];
  const file = ts.createSourceFile('index.ts', text, ts.ScriptTarget.Latest, true);
  return file.statements
    .filter((statement) => !(ts.isExportDeclaration(statement) && statement.moduleSpecifier))
    .map((statement) => {
      const { line } = file.getLineAndCharacterOfPosition(statement.getStart(file));
      return `src/index.ts:${line + 1} does more than re-export`;
    });
}
