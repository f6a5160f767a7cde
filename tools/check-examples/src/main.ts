// Type-checks every example of the documentation and runs those that any machine can run.
// With --built they run against what `npm run build` made, as they would for a user; otherwise against the sources.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { docSnippets } from './doc-snippets.ts';
import { exportedNames, homeOf, readPackages } from './packages.ts';
import { readmeSnippets } from './readme-snippets.ts';
import { runSnippet } from './run-snippet.ts';
import { place, type Snippet } from './snippet.ts';
import { typeCheck } from './type-check.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const built = process.argv.includes('--built');
const packages = readPackages(root);
const options = compilerOptions();

const snippets = [...readmes().flatMap(fromReadme), ...sources().flatMap(fromSource)];
const names = exportedNames(packages, options);
const failures = typeCheck(snippets, { root, packages, names, options });
const programs = snippets.filter(({ kind }) => kind === 'run');
for (const snippet of programs) {
  const cwd = join(root, homeOf(snippet, packages)?.directory ?? '.');
  const failure = await runSnippet(snippet, { cwd, built });
  if (failure) failures.push(`${place(snippet)}: the example ended with ${failure.reason}:\n${failure.output}`);
}
for (const failure of failures) console.error(failure);
console.log(
  `examples: ${snippets.length} type-checked, ${programs.length} of them run; ${failures.length === 0 ? 'all in order' : `${failures.length} problems`}`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

function readmes(): string[] {
  const members = ['packages', 'apps', 'examples'].flatMap((group) =>
    existsSync(join(root, group)) ? readdirSync(join(root, group)).map((name) => `${group}/${name}/README.md`) : [],
  );
  return ['README.md', 'examples/README.md', ...members].filter((file) => existsSync(join(root, file)));
}

function sources(): string[] {
  return packages
    .map(({ directory }) => `${directory}/src`)
    .filter((directory) => existsSync(join(root, directory)))
    .flatMap((directory) =>
      readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${directory}/${name}`),
    );
}

function fromReadme(file: string): Snippet[] {
  return readmeSnippets(file, readFileSync(join(root, file), 'utf8'));
}

function fromSource(file: string): Snippet[] {
  return docSnippets(file, readFileSync(join(root, file), 'utf8'));
}

/** The project's own, but for what makes no sense in a few lines of example. */
function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
  const { options: base } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, root);
  return {
    ...base,
    declaration: false,
    isolatedDeclarations: false,
    verbatimModuleSyntax: false,
    isolatedModules: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    allowUnreachableCode: true,
    typeRoots: [join(root, 'node_modules/@types')],
  };
}
