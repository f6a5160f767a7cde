import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SCOPE = '@coracle';
const OTHER_NODE = 24;
const FETCH_TIMEOUT_MS = 60_000;

/**
 * Whether a package runs with nothing but its own tarball and those of its dependencies in an empty directory: it is installed
 * without a network, nothing from elsewhere comes with it, and a program runs there with this Node and with Node 24, where
 * that can be had.
 * @param {{ name: string, program: string, tarballs: Map<string, { path: string, manifest: object }>, directory: string }} packed
 *   the package, a program that uses it, all tarballs by the names of their packages, and a directory that can be filled
 * @returns {{ complaint: string, notes: string[] }} a complaint that is empty when all is well; what a reader should know
 */
export function runsAlone({ name, program, tarballs, directory }) {
  const place = join(directory, 'alone');
  mkdirSync(place);
  writeFileSync(join(place, 'package.json'), '{ "private": true, "type": "module" }\n');
  const wanted = [...withDependencies(name, tarballs)];
  const files = wanted.map((one) => tarballs.get(one).path);
  const install = run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', ...files], place);
  if (install.status !== 0) return { complaint: install.output, notes: [] };
  const strangers = installedIn(join(place, 'node_modules')).filter((one) => !wanted.includes(one));
  if (strangers.length > 0) return { complaint: `comes with ${strangers.join(', ')}`, notes: [] };
  copyFileSync(program, join(place, 'program.mjs'));
  const other = otherNode(directory);
  const notes = other ? [] : [`Node ${OTHER_NODE} could not be fetched, so ${name} was not tried alone with it`];
  let complaint = '';
  for (const node of [process.execPath, ...(other && other !== process.execPath ? [other] : [])]) {
    const { status, output } = run(node, ['program.mjs'], place);
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    if (status === 0) notes.push(`${name} alone, Node ${version}: ${output.trim()}`);
    else complaint += `alone, Node ${version}: exit code ${status}\n${output}`;
  }
  return { complaint, notes };
}

/** A package and all that it depends on, as far as it is ours. */
function* withDependencies(name, tarballs, seen = new Set()) {
  if (seen.has(name)) return;
  seen.add(name);
  yield name;
  for (const one of Object.keys(tarballs.get(name).manifest.dependencies ?? {})) {
    if (!tarballs.has(one)) throw new Error(`${name} depends on ${one}, which is none of the packages`);
    yield* withDependencies(one, tarballs, seen);
  }
}

function installedIn(modules) {
  return readdirSync(modules)
    .filter((one) => !one.startsWith('.'))
    .flatMap((one) => (one === SCOPE ? readdirSync(join(modules, one)).map((below) => `${SCOPE}/${below}`) : [one]));
}

/** The binary out of its package, of which nothing needs to be run; `undefined` when it cannot be had. */
function otherNode(directory) {
  if (process.versions.node.startsWith(`${OTHER_NODE}.`)) return process.execPath;
  const name = `node-linux-${process.arch}`;
  const prefix = join(directory, 'other-node');
  mkdirSync(prefix);
  const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', prefix];
  run('npm', ['install', ...flags, `${name}@${OTHER_NODE}`], prefix, FETCH_TIMEOUT_MS);
  const path = join(prefix, 'node_modules', name, 'bin/node');
  return existsSync(path) ? path : undefined;
}

function run(program, args, cwd, timeout) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout });
  return { status, output: `${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}` };
}
