import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundledProgram, PLAIN_USER } from '@coracle/test-support';
import { type RunOptions, type RunResult, run } from '../../src/index.ts';

/** What came of a script, whoever ran it. */
export type Came = Pick<RunResult, 'exitCode' | 'stdout' | 'stderr'>;

/** Runs a script in a container. */
export type RunScript = (script: string, options?: RunOptions) => Promise<Came>;

const [NODE, PROGRAM] = await bundledProgram(new URL('../programs/run-options.ts', import.meta.url));

const asRoot: RunScript = (script, options = {}) => run('sh', ['-c', script], options);

const withUserNamespace: RunScript = (script, options = {}) => asRoot(script, { ...options, userNamespace: 'auto' });

/** In a process of its own; what it fails with is thrown as a plain object. */
export const asOrdinaryUser: RunScript = async (script, options = {}) => {
  using scratch = makeScratch();
  execFileSync('chown', [`${PLAIN_USER}`, scratch.path]);
  const given = JSON.stringify({ script, stateRoot: join(scratch.path, 'state'), ...options });
  const { stdout, stderr } = await promisify(execFile)(NODE, [PROGRAM, given], {
    uid: PLAIN_USER,
    gid: PLAIN_USER,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (!stdout.startsWith('{')) throw new Error(`the program printed no result: ${stdout}${stderr}`);
  const came = JSON.parse(stdout);
  if ('message' in came) throw Object.assign(new Error(came.message), came);
  return came;
};

/** Who runs containers: the same sentences hold for all of them. */
export const EVERYBODY: readonly (readonly [who: string, script: RunScript])[] = [
  ['root', asRoot],
  ['root with user ids of its own', withUserNamespace],
  ['an ordinary user', asOrdinaryUser],
];

/** A temporary directory that everybody may use; mounts below it go with it. */
export interface Scratch extends Disposable {
  path: string;
  /** Makes a directory in it. */
  directory(name: string, mode?: number): string;
  /** Makes a file in it. */
  file(name: string, text: string): string;
  /** Mounts an empty file system in memory on a directory of it, which is made. */
  mount(name: string, ...options: string[]): string;
}

/** Makes one. */
export function makeScratch(): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'volume-test-'));
  chmodSync(path, 0o777);
  const directory = (name: string, mode = 0o777): string => {
    const made = join(path, name);
    mkdirSync(made, { recursive: true });
    chmodSync(made, mode);
    return made;
  };
  return {
    path,
    directory,
    file(name, text) {
      const made = join(path, name);
      writeFileSync(made, text);
      return made;
    },
    mount(name, ...options) {
      const made = directory(name);
      execFileSync('mount', ['-t', 'tmpfs', ...options, 'volume-test', made]);
      chmodSync(made, 0o777);
      return made;
    },
    [Symbol.dispose]() {
      for (const point of mountPoints(path).reverse()) execFileSync('umount', ['-l', point]);
      rmSync(path, { recursive: true });
    },
  };
}

/** Mount points of this process below a directory, in order. */
export function mountPoints(directory: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(directory));
}
