import { join } from 'node:path';
import ts from 'typescript';
import { moduleText } from './module-text.ts';
import { homeOf, type Package } from './packages.ts';
import { place, type Snippet } from './snippet.ts';

/** What a sketch may get wrong: names it does not declare, and parameters whose type would come from them. */
const FORGIVEN_IN_SKETCHES: ReadonlySet<number> = new Set([
  2304, // cannot find name
  2503, // cannot find namespace
  2552, // cannot find name, did you mean
  2580, // cannot find name, do you need types
  2582,
  2593,
  18004, // shorthand property without a variable
  7005,
  7006, // parameter implicitly any
  7031,
  7034,
  2454, // used before assigned
  18046, // what was caught is unknown, and a line is no place to narrow it
]);

/** Everything the type check needs to know of the workspace. */
export interface Workspace {
  root: string;
  packages: readonly Package[];
  /** Names that each public entry exports. */
  names: ReadonlyMap<string, readonly string[]>;
  options: ts.CompilerOptions;
}

/**
 * Type-checks all snippets as one program, without writing a file.
 * @returns a line for each error: place and message
 */
export function typeCheck(snippets: readonly Snippet[], workspace: Workspace): string[] {
  const modules = new Map(
    snippets.map((snippet) => [fileFor(snippet, workspace), { snippet, ...textFor(snippet, workspace) }]),
  );
  const host = ts.createCompilerHost(workspace.options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) => {
    const module = modules.get(name);
    return module ? ts.createSourceFile(name, module.text, ts.ScriptTarget.Latest, true) : getSourceFile(name, ...rest);
  };
  host.fileExists = (name) => modules.has(name) || fileExists(name);
  host.readFile = (name) => modules.get(name)?.text ?? readFile(name);
  const program = ts.createProgram([...modules.keys()], workspace.options, host);
  return [...modules].flatMap(([name, { snippet, offset }]) => {
    const file = program.getSourceFile(name);
    if (!file) return [];
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
      .filter(({ code }) => snippet.kind !== 'sketch' || !FORGIVEN_IN_SKETCHES.has(code))
      .map((diagnostic) => {
        const { line } = file.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
        const where = place({ file: snippet.file, line: snippet.line + Math.max(0, line - offset) });
        return `${where}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
      });
  });
}

function textFor(snippet: Snippet, { packages, names }: Workspace): ReturnType<typeof moduleText> {
  const specifiers = [...(homeOf(snippet, packages)?.entries.keys() ?? [])];
  return moduleText(snippet, new Map(specifiers.map((specifier) => [specifier, names.get(specifier) ?? []])));
}

/** Lies in its package, so that imports resolve as they would for the package itself. */
function fileFor(snippet: Snippet, { root, packages }: Workspace): string {
  const directory = homeOf(snippet, packages)?.directory ?? '.';
  return join(root, directory, `${snippet.file.replaceAll('/', '-')}-${snippet.line}.ts`);
}
