import ts from 'typescript';
import type { Snippet } from './snippet.ts';

/**
 * The code of every `@example` in a source file. It is a sketch: it may use names that the reader is to imagine.
 * @example
 * docSnippets('a.ts', '/** @example add(1, 2) *\/\nfunction add() {}')[0]?.code; // 'add(1, 2)'
 */
export function docSnippets(file: string, text: string): Snippet[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = new Map<number, Snippet>();
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node)) {
      if (tag.tagName.text === 'example') found.set(tag.pos, { file, ...textOf(tag, source), kind: 'sketch' });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...found.values()];
}

/** Taken from the file's text: the parsed comment has lost code that looks like a tag. */
function textOf(tag: ts.JSDocTag, source: ts.SourceFile): { line: number; code: string } {
  const end = source.text.indexOf('*/', tag.tagName.end);
  const lines = source.text.slice(tag.tagName.end, end).split('\n');
  const nextTag = lines.findIndex((line, index) => index > 0 && /^\s*\*\s*@(?!coracle\/)\w+/.test(line));
  const own = lines.slice(0, nextTag < 0 ? undefined : nextTag).map((line) => line.replace(/^\s*\* ?/, ''));
  const code = own.map((line) => (line.startsWith('```') ? '' : line)).join('\n');
  const line = source.getLineAndCharacterOfPosition(tag.tagName.end).line + 1;
  const blank = /^\s*\n/.test(code) ? 1 : 0;
  return { line: line + blank, code: code.trim() };
}
