import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A package whose examples are checked. */
export interface Package {
  /** Relative to the root. */
  directory: string;
  name: string;
  /** Specifier and source file of each public entry: `@coracle/cgroups-core/testing`. */
  entries: ReadonlyMap<string, string>;
}

/** The packages of a workspace that have sources to import. */
export function readPackages(root: string): Package[] {
  return readdirSync(join(root, 'packages')).map((name) => {
    const directory = `packages/${name}`;
    const manifest = JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8'));
    const entries = Object.entries<Record<string, string>>(manifest.exports ?? {}).flatMap(([path, conditions]) => {
      const source = conditions['@coracle/source'];
      if (!source || !existsSync(join(root, directory, source))) return [];
      return [[manifest.name + path.slice(1), join(root, directory, source)] as const];
    });
    return { directory, name: manifest.name, entries: new Map(entries) };
  });
}

/** The names that each entry exports, by specifier. */
export function exportedNames(packages: readonly Package[], options: ts.CompilerOptions): Map<string, string[]> {
  const entries = packages.flatMap((one) => [...one.entries]);
  const program = ts.createProgram(
    entries.map(([, source]) => source),
    options,
  );
  const checker = program.getTypeChecker();
  return new Map(
    entries.map(([specifier, source]) => {
      const file = program.getSourceFile(source);
      const module = file && checker.getSymbolAtLocation(file);
      return [specifier, module ? checker.getExportsOfModule(module).map(({ name }) => name) : []];
    }),
  );
}

/** Where the snippet's imports are to be looked up: its own package, or that of the first package it imports. */
export function homeOf(
  { file, code }: { file: string; code: string },
  packages: readonly Package[],
): Package | undefined {
  const own = packages.find(({ directory }) => file.startsWith(`${directory}/`));
  if (own) return own;
  const imported = /from '(@coracle\/[\w-]+)/.exec(code)?.[1];
  return packages.find(({ name }) => name === imported);
}
