import { describe, expect, test } from '@jest/globals';
import { readmeSnippets } from '../src/readme-snippets.ts';

describe('the blocks of a README', () => {
  test('are found with the line their code begins on', () => {
    const text = '# Title\n\n```ts\na();\n```\n\ntext\n\n```ts no-run\nb();\nc();\n```\n';
    expect(readmeSnippets('README.md', text)).toEqual([
      { file: 'README.md', line: 4, code: 'a();\n', kind: 'run' },
      { file: 'README.md', line: 10, code: 'b();\nc();\n', kind: 'check' },
    ]);
  });

  test.each(['sh', 'tsx', 'text', ''])('in another language (%p) are left alone', (language) => {
    expect(readmeSnippets('README.md', `\`\`\`${language}\na\n\`\`\`\n`)).toEqual([]);
  });

  test('with a misspelt mark are an error that names the place', () => {
    expect(() => readmeSnippets('a/README.md', 'x\n```ts norun\na\n```\n')).toThrow(
      'a/README.md:3: a block is marked "ts norun"; "ts" and "ts no-run" are known',
    );
  });
});
