import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a manifest says that matters to imports. */
export interface Manifest {
  name?: string;
  exports?: Readonly<Record<string, unknown>>;
  dependencies?: Readonly<Record<string, string>>;
  peerDependencies?: Readonly<Record<string, string>>;
  optionalDependencies?: Readonly<Record<string, string>>;
  devDependencies?: Readonly<Record<string, string>>;
}

/** A directory of the workspace; one without a package.json has an empty manifest. */
export interface Member {
  /** Relative to the root: `packages/errors`. */
  directory: string;
  group: Group;
  manifest: Manifest;
}

/** The directories whose subdirectories are members. */
export type Group = 'packages' | 'apps' | 'tools' | 'examples';

const GROUPS: readonly Group[] = ['packages', 'apps', 'tools', 'examples'];
const SOURCE = /\.[cm]?[jt]sx?$/;
const NOT_OURS: ReadonlySet<string> = new Set(['node_modules', 'dist', 'fixtures', 'coverage']);

/** The manifest in a directory. */
export function readManifest(directory: string): Manifest {
  const path = join(directory, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}

/** Every member of the workspace in `root`. */
export function readWorkspace(root: string): Member[] {
  return GROUPS.filter((group) => existsSync(join(root, group))).flatMap((group) =>
    readdirSync(join(root, group), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${group}/${name}`)
      .sort()
      .map((directory) => ({ directory, group, manifest: readManifest(join(root, directory)) })),
  );
}

/** The source files of a member, relative to the root. */
export function sourceFiles(root: string, directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : sourceFiles(root, path);
    return SOURCE.test(entry.name) ? [path] : [];
  });
}
