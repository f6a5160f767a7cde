// Every published package has the same manifest, the same files and a documented public interface.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { checkFiles } from './check-files.ts';
import { checkManifest, type Manifest } from './check-manifest.ts';
import { documentation } from './documentation.ts';

/** Share of exported functions that have an example, over all packages. */
const EXAMPLES_WANTED = 0.8;

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, root);

let problems = 0;
let functions = 0;
let withoutExample = 0;

function complain(what: string): void {
  problems++;
  console.error(what);
}

for (const name of readdirSync(join(root, 'packages'))) {
  const directory = join(root, 'packages', name);
  const manifest: Manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  if (manifest['private'] === true) continue;
  for (const problem of [...checkManifest(name, manifest), ...checkFiles(directory)]) {
    complain(`packages/${name}: ${problem}`);
  }
  const docs = documentation(root, entriesOf(directory, manifest), options);
  for (const place of docs.undocumented) complain(`${place} has no doc comment`);
  for (const place of docs.withoutExample) console.error(`${place} has no @example (counted, not required)`);
  functions += docs.functions;
  withoutExample += docs.withoutExample.length;
}

const share = functions === 0 ? 0 : 1 - withoutExample / functions;
const numbers = `${functions - withoutExample} of ${functions} exported functions have an @example (${Math.floor(share * 100)}%)`;
if (share < EXAMPLES_WANTED) complain(`${numbers}; ${EXAMPLES_WANTED * 100}% are wanted`);
console.log(problems === 0 ? `manifests: in order; ${numbers}` : `manifests: ${problems} problems; ${numbers}`);
process.exitCode = problems === 0 ? 0 : 1;

function entriesOf(directory: string, { exports }: Manifest): string[] {
  return Object.values(exports ?? {})
    .map((conditions: Readonly<Record<string, string>>) => conditions['@coracle/source'])
    .filter((path) => path !== undefined)
    .map((path) => join(directory, path))
    .filter((path) => existsSync(path));
}
