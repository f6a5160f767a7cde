import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '@coracle/container';
import { type CommandCopy, copyCommand, PLAIN_USER } from '@coracle/test-support/command';
import type { Launcher } from './launcher.ts';
import { withDefaults } from './with-defaults.ts';

/** Something that is timed from its call to its end. */
export interface Contestant {
  name: string;
  /** What stands in the way of timing it here. */
  missing: string | undefined;
  /** How often it is run before it is timed; 2 if absent. */
  warmUps?: number;
  /** Resolves with how long it took, in milliseconds. */
  once(): Promise<number>;
}

/** As often as it takes V8 to have compiled what a start runs through. */
const LIBRARY_WARM_UPS = 150;

const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const COMMAND = join(REPOSITORY, 'apps/cli/dist/coracle.cjs');
const STANDALONE = join(REPOSITORY, 'dist/standalone/coracle');

/** Everything that is compared, on the same root file system; `dispose` removes what was made for it. */
export function contestants(rootfs: string, launcher: Launcher): { all: Contestant[]; dispose(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'coracle-bench-'));
  chmodSync(directory, 0o711);
  const copy = built() === undefined ? copyCommand() : undefined;
  const peer = (runtime: string): Pick<Contestant, 'missing' | 'once'> => {
    const { missing, args } = bundle(runtime, { directory, rootfs });
    let count = 0;
    return { missing, once: () => launcher.run(runtime, [...args, `coracle-bench-${process.pid}-${count++}`]) };
  };
  const node =
    (...args: string[]): Contestant['once'] =>
    () =>
      launcher.run(process.execPath, args);
  let unknown = 0;
  /** Words that were never used before, so that everything about the start is thought through. */
  const unknownStart = (): ReturnType<Contestant['once']> =>
    node(COMMAND, 'run', '-q', '--rootfs', rootfs, '--hostname', `box-${process.pid}-${unknown++}`, 'true')();
  const all: Contestant[] = [
    { name: 'library, warm', missing: undefined, warmUps: LIBRARY_WARM_UPS, once: () => library({ root: rootfs }) },
    { name: 'library, warm, host root', missing: undefined, warmUps: LIBRARY_WARM_UPS, once: () => library({}) },
    { name: 'command, cold', missing: built(), once: node(COMMAND, 'run', '-q', '--rootfs', rootfs, 'true') },
    { name: 'command, unknown start', missing: built(), once: unknownStart },
    { name: 'command, cold, host root', missing: built(), once: node(COMMAND, 'run', '-q', 'true') },
    { name: 'command, cold, other user', ...asUser({ copy, directory, rootfs, launcher }) },
    {
      name: 'stand-alone, cold',
      missing: existsSync(STANDALONE) ? undefined : 'npm run build:standalone makes it',
      once: () => launcher.run(STANDALONE, ['run', '-q', '--rootfs', rootfs, 'true']),
    },
    { name: 'node -e 0', missing: undefined, once: node('-e', '0') },
    { name: 'crun run', ...peer('crun') },
    { name: 'runc run', ...peer('runc') },
    {
      name: 'bubblewrap',
      missing: lacking('bwrap'),
      once: () =>
        launcher.run('bwrap', ['--unshare-all', '--bind', rootfs, '/', '--proc', '/proc', '--dev', '/dev', 'true']),
    },
    {
      name: 'unshare',
      missing: lacking('unshare'),
      once: () => launcher.run('unshare', ['-fpmuin', '--mount-proc', '/bin/true']),
    },
  ];
  const dispose = (): void => {
    copy?.[Symbol.dispose]();
    rmSync(directory, { recursive: true });
  };
  return { all, dispose };
}

async function library(options: { root?: string }): Promise<number> {
  const before = process.hrtime.bigint();
  const { exitCode } = await run('true', [], options);
  const milliseconds = Number(process.hrtime.bigint() - before) / 1e6;
  if (exitCode !== 0) throw new Error(`the library's container ended with ${exitCode}`);
  return milliseconds;
}

interface UserOptions {
  copy: CommandCopy | undefined;
  directory: string;
  rootfs: string;
  launcher: Launcher;
}

/** The command as a user who has no id but his own, with a runtime directory. */
function asUser({ copy, directory, rootfs, launcher }: UserOptions): Pick<Contestant, 'missing' | 'once'> {
  const isRoot = process.geteuid?.() === 0;
  const runtime = join(directory, 'runtime');
  mkdirSync(runtime, { mode: 0o700 });
  if (isRoot) chownSync(runtime, PLAIN_USER, PLAIN_USER);
  const words = [copy?.path ?? '', 'run', '-q', '--rootfs', rootfs, 'true'];
  const user = { uid: PLAIN_USER, gid: PLAIN_USER, variables: { XDG_RUNTIME_DIR: runtime } };
  return {
    missing: built() ?? (isRoot ? undefined : 'only root can become another user'),
    once: () => launcher.run(process.execPath, words, user),
  };
}

function execute(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
}

function built(): string | undefined {
  return existsSync(COMMAND) ? undefined : 'not built: npm start -- version';
}

function lacking(program: string): string | undefined {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0 ? undefined : `${program} is not installed`;
}

/** A call of the runtime with its own default configuration and the same root, program, rights, filter and limit on processes. */
function bundle(
  runtime: string,
  { directory, rootfs }: { directory: string; rootfs: string },
): { missing: string | undefined; args: readonly string[] } {
  const missing = lacking(runtime);
  const place = join(directory, runtime);
  if (missing === undefined) {
    execute('mkdir', [place]);
    execute('sh', ['-c', `cd ${place} && ${runtime} spec`]);
    const file = join(place, 'config.json');
    const config = JSON.parse(readFileSync(file, 'utf8'));
    config.process = { ...config.process, terminal: false, args: ['true'], rlimits: [] };
    config.root = { path: rootfs, readonly: false };
    writeFileSync(file, JSON.stringify(withDefaults(config)));
  }
  return { missing, args: ['run', '--bundle', place] };
}
