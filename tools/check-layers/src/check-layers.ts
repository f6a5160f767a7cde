import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { type Import, importsOf } from './imports-of.ts';
import { type Manifest, type Member, readManifest, readWorkspace, sourceFiles } from './workspace.ts';

/** What is allowed. */
export interface Rules {
  /** Level of each package and app, by directory. */
  levels: Readonly<Record<string, number>>;
  /** Modules that only one member may import. */
  soleImporters: Readonly<Record<string, string>>;
}

/** A broken rule. */
export interface Violation {
  /** `packages/a/src/b.ts:3`, or a package.json. */
  where: string;
  rule: Rule;
  /** What is wrong there, with the names. */
  what: string;
}

/** The rules' names, as the output shows them. */
export type Rule =
  | 'down only'
  | 'no cycle'
  | 'public entries only'
  | 'stay inside'
  | 'declared'
  | 'used'
  | 'one importer'
  | 'has a level';

/** An import, with all that the rules ask about it. */
interface Use extends Import {
  file: string;
  from: Member;
  /** What is shipped; not tests, not configuration. */
  shipped: boolean;
}

/**
 * Holds every import of the workspace in `root` against the rules.
 * @example
 * for (const { where, rule, what } of checkLayers(root, rules)) console.error(`${where}: ${rule}: ${what}`);
 */
export function checkLayers(root: string, rules: Rules): Violation[] {
  const members = readWorkspace(root);
  const rootManifest = readManifest(root);
  const uses = members.flatMap((member) => usesOf(root, member));
  return [
    ...members.flatMap((member) => checkLevel(member, rules)),
    ...uses.flatMap((use) => checkUse(use, members, rules, rootManifest)),
    ...members.flatMap((member) => checkUnused(member, uses)),
    ...checkCycles(members, uses),
  ];
}

function usesOf(root: string, from: Member): Use[] {
  return sourceFiles(root, from.directory).flatMap((file) =>
    importsOf(file, readFileSync(join(root, file), 'utf8')).map((found) => ({
      ...found,
      file,
      from,
      shipped: file.startsWith(`${from.directory}/src/`) && (from.group === 'packages' || from.group === 'apps'),
    })),
  );
}

function checkLevel({ directory, group }: Member, { levels }: Rules): Violation[] {
  if ((group !== 'packages' && group !== 'apps') || levels[directory] !== undefined) return [];
  return [violation(`${directory}/package.json`, 'has a level', `${directory} has none; give it one in check-layers`)];
}

function checkUse(use: Use, members: readonly Member[], rules: Rules, rootManifest: Manifest): Violation[] {
  const where = `${use.file}:${use.line}`;
  if (use.specifier.startsWith('.') || use.specifier.startsWith('/')) return checkRelative(use, where);
  if (isBuiltin(use.specifier) || use.specifier.startsWith('bun:')) return [];
  const name = packageName(use.specifier);
  const target = members.find(({ manifest }) => manifest.name === name);
  return [
    ...checkSoleImporter(use, name, where, rules),
    ...checkDeclared(use, name, where, rootManifest),
    ...(target ? [...checkDirection(use, target, where, rules), ...checkEntry(use, target, where)] : []),
  ];
}

function checkRelative({ specifier, file, from }: Use, where: string): Violation[] {
  const target = posix.join(posix.dirname(file), specifier);
  if (target.startsWith(`${from.directory}/`)) return [];
  // The presets are for configuration, and a tool that is no package can be reached by path only, by tools.
  if (/\.config\.[jt]s$/.test(file) && target.startsWith('tools/presets/')) return [];
  if (from.group === 'tools' && target.startsWith('tools/')) return [];
  return [violation(where, 'stay inside', `${specifier} leaves ${from.directory}; import the package by its name`)];
}

function checkSoleImporter({ from }: Use, name: string, where: string, { soleImporters }: Rules): Violation[] {
  const sole = soleImporters[name];
  if (!sole || sole === from.directory) return [];
  return [violation(where, 'one importer', `only ${sole} may import ${name}`)];
}

function checkDeclared({ from, shipped }: Use, name: string, where: string, rootManifest: Manifest): Violation[] {
  const { manifest } = from;
  if (name === manifest.name) return [];
  const bundled = from.group === 'apps'; // what is bundled is not installed, so it need not be a dependency
  const declared = [
    manifest.dependencies,
    manifest.peerDependencies,
    manifest.optionalDependencies,
    ...(shipped && !bundled ? [] : [manifest.devDependencies, rootManifest.devDependencies]),
  ];
  if (declared.some((dependencies) => dependencies?.[name])) return [];
  const list = shipped && !bundled ? 'dependencies' : 'devDependencies';
  return [violation(where, 'declared', `${name} is not among the ${list} of ${from.directory}/package.json`)];
}

function checkDirection({ from }: Use, target: Member, where: string, { levels }: Rules): Violation[] {
  if (from === target) return [];
  const own = levels[from.directory] ?? Number.POSITIVE_INFINITY; // tools and examples stand above all
  const other = levels[target.directory];
  if (target.manifest.name === '@coracle/test-support' && !where.includes('/src/')) return [];
  if (other !== undefined && other < own) return [];
  if (other === undefined && own === Number.POSITIVE_INFINITY) return [];
  const places = `${from.directory} is on level ${own}, ${target.directory} ${other === undefined ? 'above all' : `on level ${other}`}`;
  return [violation(where, 'down only', places)];
}

function checkEntry({ specifier }: Use, { manifest, directory }: Member, where: string): Violation[] {
  const entry = `.${specifier.slice(manifest.name?.length)}`;
  if (manifest.exports && Object.hasOwn(manifest.exports, entry)) return [];
  return [violation(where, 'public entries only', `${specifier} is not in the exports of ${directory}/package.json`)];
}

function checkUnused({ directory, group, manifest }: Member, uses: readonly Use[]): Violation[] {
  const own = uses.filter(({ from }) => from.directory === directory);
  const names = (some: readonly Use[]) => new Set(some.map(({ specifier }) => packageName(specifier)));
  const shipped = names(own.filter((use) => use.shipped || group === 'tools' || group === 'examples'));
  const anywhere = names(own);
  const bundlesNothingNative = (name: string) => !(group === 'apps' && name === 'koffi'); // stays outside the bundle
  const unused = [
    ...Object.keys(manifest.dependencies ?? {}).filter((name) => !shipped.has(name) && bundlesNothingNative(name)),
    ...Object.keys(manifest.devDependencies ?? {}).filter((name) => !anywhere.has(name)),
  ];
  return unused.map((name) => violation(`${directory}/package.json`, 'used', `${name} is declared and never imported`));
}

function checkCycles(members: readonly Member[], uses: readonly Use[]): Violation[] {
  const edges = new Map(members.map(({ directory }) => [directory, new Set<string>()]));
  for (const { from, specifier } of uses) {
    const target = members.find(({ manifest }) => manifest.name === packageName(specifier));
    if (target && target !== from) edges.get(from.directory)?.add(target.directory);
  }
  const done = new Set<string>();
  const cycles: string[][] = [];
  const walk = (directory: string, path: string[]): void => {
    if (path.includes(directory)) cycles.push([...path.slice(path.indexOf(directory)), directory]);
    if (path.includes(directory) || done.has(directory)) return;
    for (const next of edges.get(directory) ?? []) walk(next, [...path, directory]);
    done.add(directory);
  };
  for (const { directory } of members) walk(directory, []);
  return cycles.map((cycle) => violation(`${cycle[0]}/package.json`, 'no cycle', cycle.join(' -> ')));
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function violation(where: string, rule: Rule, what: string): Violation {
  return { where, rule, what };
}
