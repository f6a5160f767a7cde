import ts from 'typescript';
import type { Snippet } from './snippet.ts';

/** A snippet as a module of its own. */
export interface ModuleText {
  text: string;
  /** Line of the module, from 0, on which the snippet's first line stands. */
  offset: number;
}

/**
 * Makes a module of a snippet. A whole program is one as it is; a sketch gets the package's names in scope, and its
 * statements become the body of a function, so that it may return, await and throw as it likes.
 * @param scope names by the specifier they are imported from
 */
export function moduleText({ kind, code }: Snippet, scope: ReadonlyMap<string, readonly string[]>): ModuleText {
  if (kind !== 'sketch') return { text: `${code}\nexport {};\n`, offset: 0 };
  const { imports, body, imported } = splitImports(withoutEllipses(code));
  const given = [...scope].map(([specifier, names]) => {
    const missing = names.filter((name) => name !== 'default' && !imported.has(name));
    for (const name of missing) imported.add(name);
    return `import { ${missing.join(', ')} } from '${specifier}';`;
  });
  const head = [...given, ...imports, 'export async function* example(this: unknown): unknown {'];
  return { text: `${head.join('\n')}\n${body}\n}\n`, offset: head.join('\n').split('\n').length };
}

/** `{ ... }` and `[...]` stand for what is left out. */
function withoutEllipses(code: string): string {
  return code.replace(/([{[(])\s*\.\.\.\s*([}\])])/g, '$1$2').replace(/^\s*\.\.\.\s*$/gm, '');
}

/** Import declarations cannot stand in a function; the lines they leave stay, so that line numbers hold. */
function splitImports(code: string): { imports: string[]; body: string; imported: Set<string> } {
  const file = ts.createSourceFile('snippet.ts', code, ts.ScriptTarget.Latest, true);
  const declarations = file.statements.filter(ts.isImportDeclaration);
  let body = code;
  for (const node of declarations) {
    const blank = node.getText(file).replace(/[^\n]/g, ' ');
    body = body.slice(0, node.getStart(file)) + blank + body.slice(node.getEnd());
  }
  const bindings = declarations.map(({ importClause }) => importClause?.namedBindings);
  const imported = bindings.flatMap((binding) =>
    binding && ts.isNamedImports(binding) ? binding.elements.map(({ name }) => name.text) : [],
  );
  return { imports: declarations.map((node) => node.getText(file)), body, imported: new Set(imported) };
}
