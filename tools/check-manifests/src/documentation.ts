import { relative } from 'node:path';
import ts from 'typescript';

/** How well a package's public names are documented. */
export interface Documentation {
  /** `file:line name` of each exported name without a doc comment. */
  undocumented: string[];
  functions: number;
  /** `file:line name` of each exported function without an `@example`. */
  withoutExample: string[];
}

/**
 * Looks at every name that the entries export, re-exported ones where they are written.
 * @param root directory that the places are relative to
 * @param entries absolute paths of the public entries' sources
 */
export function documentation(root: string, entries: readonly string[], options: ts.CompilerOptions): Documentation {
  const program = ts.createProgram([...entries], options);
  const checker = program.getTypeChecker();
  const symbols = new Set(
    entries.flatMap((entry) => {
      const file = program.getSourceFile(entry);
      const module = file && checker.getSymbolAtLocation(file);
      return module ? checker.getExportsOfModule(module).map((symbol) => original(symbol, checker)) : [];
    }),
  );
  const functions = [...symbols].filter((symbol) => isFunction(symbol, checker));
  return {
    undocumented: [...symbols]
      .filter((symbol) => symbol.getDocumentationComment(checker).length === 0)
      .map((symbol) => place(root, symbol)),
    functions: functions.length,
    withoutExample: functions
      .filter((symbol) => !symbol.getJsDocTags(checker).some(({ name }) => name === 'example'))
      .map((symbol) => place(root, symbol)),
  };
}

function original(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** Also a constant that holds one. Classes are not: their doc comment is about the whole. */
function isFunction(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  const node = symbol.valueDeclaration;
  if (!node) return false;
  if (ts.isFunctionDeclaration(node)) return true;
  return ts.isVariableDeclaration(node) && checker.getTypeAtLocation(node).getCallSignatures().length > 0;
}

function place(root: string, symbol: ts.Symbol): string {
  const node = symbol.declarations?.[0];
  if (!node) return symbol.name;
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
  return `${relative(root, file.fileName)}:${line + 1} ${symbol.name}`;
}
