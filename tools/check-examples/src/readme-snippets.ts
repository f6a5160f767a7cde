import type { Snippet } from './snippet.ts';

const FENCE = /^```ts([^\S\n].*)?\n([\s\S]*?)^```\s*$/gm;

/**
 * The TypeScript blocks of a Markdown text. Those marked `ts` are to be run, those marked `ts no-run` need root or a special
 * machine; any other word behind `ts` is a mistake.
 * @throws {Error} for an unknown mark, so that a misspelt one does not go unnoticed
 * @example
 * readmeSnippets('README.md', '```ts no-run\nreboot();\n```')[0]?.kind; // 'check'
 */
export function readmeSnippets(file: string, markdown: string): Snippet[] {
  return [...markdown.matchAll(FENCE)].map(({ index, 1: mark = '', 2: code = '' }) => {
    const line = markdown.slice(0, index).split('\n').length + 1;
    return { file, line, code, kind: kindOf(mark.trim(), `${file}:${line}`) };
  });
}

function kindOf(mark: string, where: string): Snippet['kind'] {
  if (mark === '') return 'run';
  if (mark === 'no-run') return 'check';
  throw new Error(`${where}: a block is marked "ts ${mark}"; "ts" and "ts no-run" are known`);
}
