#!/usr/bin/env node
// pnpm test:cgroup2 [--kernels DIR] [PATTERN...]: the tests that touch cgroups, on a kernel with cgroup v2 only: as root, and those that
// know how as an ordinary user to whom a cgroup was delegated. And those of security modules, on a kernel that has them. The last line says how many passed, failed and were skipped.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { add, exitCode, NOTHING, summary, tallyOf } from '../dev/tally.mjs';
import { buildApp } from '../test-support/src/build-app.mjs';
import { bundleTests } from './bundle-tests.mjs';
import { CACHE_DIRECTORY } from './cache.mjs';
import { byKernelParameters, findKernelTests, knowingDelegation, workspacesOf } from './find-tests.mjs';
import { untilInterrupted } from './interruption.mjs';
import { quote } from './job.mjs';
import { runInMachine } from './machine.mjs';
import { MachineError } from './machine-error.mjs';
import { findParts, kernelsIn } from './parts.mjs';

const ROOT = join(import.meta.dirname, '../..');
const JEST_CACHE = join(CACHE_DIRECTORY, 'jest');
const BUNDLES = join(CACHE_DIRECTORY, 'bundles');
const TEST_TIMEOUT_MS = 120_000; // emulated, Node takes ten times as long
const RUN_TIMEOUT_MS = 30 * 60_000;
const MACHINE_FAILED = 125;
const FILES_PER_MACHINE = 9; // it takes as long to boot as half a file

const USER = { uid: 4321, gid: 4321, groups: [4321], name: 'coracle-test', home: '/run/coracle-test' };
const MAKE_USER = [
  `echo ${USER.name}:x:${USER.uid}:${USER.gid}::${USER.home}:/bin/sh >>/etc/passwd`,
  `echo ${USER.name}:x:${USER.gid}: >>/etc/group`,
  `for file in /etc/subuid /etc/subgid; do echo ${USER.name}:200000:65536 >>$file; done`,
  `mkdir -m 700 ${USER.home}`,
  `chown ${USER.uid}:${USER.gid} ${USER.home}`,
];
// The prepared transforms, in memory and his own: Jest wants to write where it reads.
const OWN_CACHE = [
  `mkdir -p ${quote(JEST_CACHE)}`,
  `cp -a ${quote(JEST_CACHE)} /tmp/jest`,
  `chown -R ${USER.uid}:${USER.gid} /tmp/jest`,
  `mount --bind /tmp/jest ${quote(JEST_CACHE)}`,
];
const REPORT_ON_STDOUT = '"$@" --json --outputFile=/tmp/report.json >&2; code=$?; cat /tmp/report.json; exit $code';

const interruption = untilInterrupted();
const { values: options, positionals: patterns } = parseArgs({
  options: { kernels: { type: 'string' } },
  allowPositionals: true,
});
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof MachineError)) throw error;
  if (error.code !== 'EABORTED') process.stderr.write(`coracle-vm: ${error.message}\n`);
  process.exitCode = error.code === 'EABORTED' ? interruption.exitCode() : MACHINE_FAILED;
}

async function main() {
  const parts = partsOrReason();
  if (typeof parts === 'string') {
    process.stdout.write(`skipped: the tests on cgroup v2: ${parts}\n${summary({ ...NOTHING, skipped: 1 })}`);
    return 0;
  }
  const files = findKernelTests(ROOT, patterns);
  if (files.length === 0)
    process.stderr.write(`coracle: no test of a kernel matches ${patterns.join(' or ') || '*.root.test.ts'}\n`);
  // Here it takes seconds, in the machine minutes.
  for (const app of new Set(files.filter((file) => file.startsWith('apps/')).map((file) => file.split('/')[1])))
    buildApp(app);
  if (files.length > 0) await prepare(files);
  const runs = runsOf(files);
  const atOnce = Math.min(availableParallelism(), runs.length);
  const tallies = await inTurns(runs, atOnce, (run) => runTests(parts, { ...run, live: atOnce === 1 }));
  const tally = tallies.reduce(add, NOTHING);
  process.stdout.write(summary(tally));
  return exitCode(tally);
}

/** One for each machine that is needed: the longest first, as they go on side by side. */
function runsOf(files) {
  const asRoot = [...byKernelParameters(ROOT, files)].flatMap(([parameters, group]) =>
    dealt(group, Math.ceil(group.length / FILES_PER_MACHINE)).map((part) => ({ files: part, parameters })),
  );
  const job = { account: USER, delegate: true, before: [...MAKE_USER, ...OWN_CACHE].join('\n') };
  const asUser = { files: knowingDelegation(ROOT, files), job, label: 'as a delegated user: ' };
  return [...asRoot, asUser].filter((run) => run.files.length > 0).sort((a, b) => b.files.length - a.files.length);
}

/** Files dealt out like cards: those of one package, which take about as long, come apart. */
function dealt(files, hands) {
  return Array.from({ length: hands }, (_, hand) => files.filter((_, index) => index % hands === hand));
}

/** Does what is to be done with each, so many at a time. */
async function inTurns(items, atOnce, task) {
  const results = [];
  const waiting = items.entries();
  const worker = async () => {
    for (const [index, item] of waiting) results[index] = await task(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

function partsOrReason() {
  try {
    return findParts(kernelsIn(options.kernels));
  } catch (error) {
    // Who asks for a kernel of his own is not served by a skipped test.
    if (error instanceof MachineError && error.code === 'EMISSING' && options.kernels === undefined)
      return error.message;
    throw error;
  }
}

/** Bundles the files and lets Jest load them, without a test of theirs, so that the slow machine finds all of that done. */
async function prepare(files) {
  try {
    rmSync(BUNDLES, { recursive: true, force: true });
    await bundleTests(ROOT, files, BUNDLES);
    process.env.CORACLE_TEST_BUNDLES = BUNDLES;
  } catch {
    // Jest says it better where a test has a mistake; otherwise this user may not write here.
    process.stderr.write('coracle: the tests could not be bundled; the machine loads them piece by piece, slowly\n');
  }
  const args = [...jestArguments(files), '--testNamePattern', '^no test has this name$', '--silent'];
  const scratch = mkdtempSync(join(tmpdir(), 'coracle-test-'));
  const env = { ...process.env, CORACLE_TEST_SCRATCH: scratch };
  const { status, error } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'ignore', env });
  rmSync(scratch, { recursive: true });
  if (error || status !== 0)
    process.stderr.write('coracle: the tests could not be prepared; the machine does it, slowly\n');
}

/** Runs Jest in a machine. What it says is shown as it comes (`live`), or in one piece, as others speak at the same time. */
async function runTests(parts, { files, job, parameters, label = '', live }) {
  const stdout = new PassThrough();
  const stderr = live ? process.stderr : new PassThrough();
  const [report, said] = [text(stdout), live ? '' : text(stderr)];
  const command = ['sh', '-c', REPORT_ON_STDOUT, 'sh', process.execPath, ...jestArguments(files)];
  try {
    const code = await runInMachine({
      parts,
      job: { command, cwd: ROOT, env: process.env, ...job },
      parameters,
      stdout,
      stderr,
      timeoutMs: RUN_TIMEOUT_MS,
      signal: interruption.signal,
    });
    stdout.end();
    const { skips, ...tally } = tallyOf(parse(await report), code);
    return { ...tally, skips: skips.map((title) => `${label}${title}`) };
  } catch (error) {
    if (!(error instanceof MachineError) || error.code === 'EABORTED') throw error;
    const failure = `coracle-vm: ${error.message}`;
    stderr.write(`${failure}\n`);
    return { ...NOTHING, failed: 1, failures: [failure] };
  } finally {
    if (!live) {
      stderr.end();
      process.stderr.write(await said);
    }
  }
}

function parse(report) {
  try {
    return JSON.parse(report);
  } catch {
    return undefined; // Jest died before it wrote one; it has said why
  }
}

function jestArguments(files) {
  return [
    ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
    join(ROOT, 'node_modules/jest/bin/jest.js'),
    ...['--ci', '--runInBand', '--cacheDirectory', JEST_CACHE, '--testTimeout', String(TEST_TIMEOUT_MS)],
    ...[
      '--projects',
      ...workspacesOf(files).filter((workspace) => existsSync(join(ROOT, workspace, 'jest.config.js'))),
    ],
    ...['--runTestsByPath', ...files],
  ];
}
