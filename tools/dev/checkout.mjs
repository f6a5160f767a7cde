// What a start asks of the checkout: is everything installed, and is the built command that of the present sources? It is
// asked at every start, so it only looks at names, sizes and times, and imports nothing but fs.
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this file lies in. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** The built command, relative to the checkout. */
export const COMMAND = 'apps/cli/dist/coracle.cjs';

const STAMPS = 'node_modules/.cache/coracle';

/**
 * What the installed tools and the built command are made from, as text: a line for each file with its size and time.
 * @param {string} root the checkout
 * @returns {{ install: string, build: string }}
 */
export function fingerprints(root) {
  const workspaces = ['packages', 'apps', 'tools', 'examples'].flatMap((group) => directories(root, group));
  const install = [
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    ...workspaces.map((directory) => `${directory}/package.json`),
  ].flatMap((path) => describe(root, path));
  const sources = [
    ...directories(root, 'packages').map((directory) => `${directory}/src`),
    'apps/cli/src',
    'apps/cli/tsup.config.ts',
    'tools/presets',
    'tsconfig.base.json',
  ].flatMap((path) => describe(root, path));
  return { install: install.join('\n'), build: [...install, ...sources].join('\n') };
}

/**
 * What has to be done before the command can run.
 * @param {string} root the checkout
 * @returns {{ install: boolean, build: boolean }}
 */
export function staleness(root) {
  const now = fingerprints(root);
  return {
    install: !existsSync(join(root, 'node_modules/.modules.yaml')) || readStamp(root, 'install') !== now.install,
    build: !existsSync(join(root, COMMAND)) || readStamp(root, 'build') !== now.build,
  };
}

/**
 * Remembers what `kind` was made from.
 * @param {string} root the checkout
 * @param {'install' | 'build'} kind
 * @param {string} fingerprint taken before it was made, so that a file edited meanwhile counts as changed
 */
export function writeStamp(root, kind, fingerprint) {
  const directory = join(root, STAMPS);
  mkdirSync(directory, { recursive: true });
  const temporary = join(directory, `${kind}.${process.pid}`);
  writeFileSync(temporary, fingerprint);
  renameSync(temporary, join(directory, kind));
}

function readStamp(root, kind) {
  try {
    return readFileSync(join(root, STAMPS, kind), 'utf8');
  } catch {
    return undefined; // never made, or not readable: either way nothing is known of it
  }
}

function directories(root, group) {
  return entries(join(root, group))
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${group}/${entry.name}`);
}

/** A line for a file, lines for all files under a directory, none for what is not there. */
function describe(root, path) {
  const stat = lstatSync(join(root, path), { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return [`${path} ${stat.size} ${stat.mtimeMs}`];
  return entries(join(root, path))
    .filter((entry) => entry.name !== 'node_modules')
    .flatMap((entry) => describe(root, `${path}/${entry.name}`));
}

function entries(directory) {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}
