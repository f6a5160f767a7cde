// What calls of an OCI runtime cost: `run`, and create, start and delete as calls of their own; for each runtime that is installed,
// on the same bundle, in turn. There are two: what `runc spec` writes, and the same with the filter and the rights that engines give.
// Needs root, and the built command.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeBusyboxRootfs } from '@coracle/test-support/rootfs';
import { plainEnvironment } from './plain-environment.ts';
import { summarize } from './statistics.ts';
import { withDefaults } from './with-defaults.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '21' } } });
const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const OURS = join(REPOSITORY, 'apps/oci-runtime/dist/coracle-oci.cjs');
/** Made by `npm run build:standalone`. */
const STANDALONE = join(REPOSITORY, 'dist/standalone/coracle-oci');
const LABELS: Readonly<Record<string, string>> = { [OURS]: 'coracle-oci', [STANDALONE]: 'stand-alone' };

/** Node's own start is measured beside the runtimes: it is the least that each of our calls takes. */
const NODE = 'node -e 0';

const env = plainEnvironment();

function call(program: string, args: readonly string[]): void {
  // An engine gives no pipes that a container would hold open.
  const { status, stderr } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
}

function isThere(program: string): boolean {
  return program.includes('/') ? existsSync(program) : spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

type Change = <C extends { process: object; linux: object }>(config: C) => C;

/** The configuration that runc writes, changed, for a program that ends at once. */
function makeBundle(bundle: string, rootfs: string, change: Change): void {
  mkdirSync(bundle);
  call(OURS, ['spec', '--bundle', bundle]);
  const file = join(bundle, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  config.ociVersion = '1.0.2'; // crun of some distributions knows no later one
  config.process = { ...config.process, terminal: false, args: ['true'], rlimits: [] };
  config.root = { path: rootfs };
  writeFileSync(file, JSON.stringify(change(config)));
}

using rootfs = makeBusyboxRootfs();
const directory = mkdtempSync(join(tmpdir(), 'coracle-bench-'));
const state = join(directory, 'state');
let count = 0;

const CHANGES: Readonly<Record<string, Change>> = { 'as spec': (config) => config, 'as engines': withDefaults };

const WAYS: Readonly<Record<string, (runtime: string, bundle: string) => void>> = {
  run: (runtime, bundle) =>
    call(runtime, ['--root', state, 'run', '--bundle', bundle, `bench-${process.pid}-${count++}`]),
  'create+start+delete': (runtime, bundle) => {
    const id = `bench-${process.pid}-${count++}`;
    // With no output that the container would keep open for the caller to wait on.
    const words = ['--root', state, 'create', '--bundle', bundle, id];
    const { status } = spawnSync(runtime, words, { stdio: 'ignore', env });
    if (status !== 0) throw new Error(`${runtime} ${words.join(' ')} ended with ${status}`);
    call(runtime, ['--root', state, 'start', id]);
    call(runtime, ['--root', state, 'delete', '--force', id]);
  },
};

function time(once: () => void): number {
  const before = process.hrtime.bigint();
  once();
  return Number(process.hrtime.bigint() - before) / 1e6;
}

/** Times a way for all that are there, in turn, and prints it. */
function compare(name: string, way: (runtime: string) => void): void {
  const runtimes = ['runc', 'crun', OURS, STANDALONE].filter(isThere);
  const times = new Map([...runtimes, NODE].map((runtime) => [runtime, [] as number[]]));
  const once = (runtime: string): void => (runtime === NODE ? call(process.execPath, ['-e', '0']) : way(runtime));
  for (let round = -2; round < Number(values.runs); round++) {
    for (const [runtime, taken] of times) {
      const milliseconds = time(() => once(runtime));
      if (round >= 0) taken.push(milliseconds);
    }
  }
  const runc = summarize(times.get('runc') ?? []).median;
  for (const [runtime, taken] of times) {
    const { median } = summarize(taken);
    const label = (LABELS[runtime] ?? runtime).padEnd(14);
    console.log(`${name.padEnd(32)}${label}${median.toFixed(1).padStart(8)} ms  / runc ${(median / runc).toFixed(2)}`);
  }
}

try {
  for (const [kind, change] of Object.entries(CHANGES)) {
    const bundle = join(directory, kind.replaceAll(' ', '-'));
    makeBundle(bundle, rootfs.path, change);
    for (const [name, way] of Object.entries(WAYS)) compare(`${name}, ${kind}`, (runtime) => way(runtime, bundle));
  }
} finally {
  rmSync(directory, { recursive: true });
}
