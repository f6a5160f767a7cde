// What an engine's calls of an OCI runtime cost: `run`, and create, start and delete as calls of their own; for each runtime that
// is installed, on the same bundle, in turn. Needs root, and the built command.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeBusyboxRootfs } from '@coracle/test-support/rootfs';
import { plainEnvironment } from './plain-environment.ts';
import { summarize } from './statistics.ts';

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

/** The configuration that runc writes, for a program that ends at once. */
function makeBundle(rootfs: string): string {
  const bundle = mkdtempSync(join(tmpdir(), 'coracle-bench-'));
  call(OURS, ['spec', '--bundle', bundle]);
  const file = join(bundle, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  config.ociVersion = '1.0.2'; // crun of some distributions knows no later one
  config.process = { ...config.process, terminal: false, args: ['true'], rlimits: [] };
  config.root = { path: rootfs };
  writeFileSync(file, JSON.stringify(config));
  return bundle;
}

using rootfs = makeBusyboxRootfs();
const bundle = makeBundle(rootfs.path);
const state = join(bundle, 'state');
let count = 0;

const WAYS: Readonly<Record<string, (runtime: string) => void>> = {
  run: (runtime) => call(runtime, ['--root', state, 'run', '--bundle', bundle, `bench-${process.pid}-${count++}`]),
  'create+start+delete': (runtime) => {
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

try {
  const runtimes = ['runc', 'crun', OURS, STANDALONE].filter(isThere);
  for (const [name, way] of Object.entries(WAYS)) {
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
      const label = LABELS[runtime] ?? runtime;
      console.log(
        `${name.padEnd(22)}${label.padEnd(14)}${median.toFixed(1).padStart(8)} ms  / runc ${(median / runc).toFixed(2)}`,
      );
    }
  }
} finally {
  rmSync(bundle, { recursive: true });
}
