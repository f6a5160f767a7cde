import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, specConfig } from '@coracle/oci-spec';
import { type BusyboxRootfs, buildApp, findLeftovers, makeBusyboxRootfs, needs } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const BUILT = join(HERE, 'dist/coracle-oci.cjs');

/** The built command, of the present sources; or the one that CORACLE_OCI_RUNTIME names, as the stand-alone build. */
export function builtRuntime(): string {
  const given = process.env['CORACLE_OCI_RUNTIME'];
  if (given) return given;
  buildApp('oci-runtime');
  return BUILT;
}

/** For a file of tests: hands over the runtime before them, and looks after them whether they left anything. */
export function testRuntime(take: (path: string) => void): void {
  let before: ReturnType<typeof findLeftovers> | undefined;
  beforeAll(() => {
    if (!needs.root.met) return;
    before = findLeftovers();
    take(builtRuntime());
  });
  afterAll(() => {
    if (before) expect(findLeftovers()).toEqual(before);
  });
}

/** A bundle with a root of busybox. */
export class Bundle implements Disposable {
  readonly #rootfs: BusyboxRootfs = makeBusyboxRootfs();
  readonly path: string = mkdtempSync(join(tmpdir(), 'oci-bundle-'));

  /** The root's directory on the host. */
  get rootfs(): string {
    return this.#rootfs.path;
  }

  /** Writes config.json: that of `spec` with these words as program, as `change` has it. */
  configure(args: readonly string[], change: (config: Config) => object = (config) => config): void {
    const config = specConfig();
    const { process, linux } = config;
    if (!process) throw new Error('the usual configuration has no process');
    const changed = change({
      ...config,
      process: { ...process, terminal: false, args: [...args] },
      root: { path: this.rootfs },
      linux: { ...linux, cgroupsPath: `/coracle-oci-test-${globalThis.process.pid}/box` },
    });
    writeFileSync(join(this.path, 'config.json'), JSON.stringify(changed));
  }

  [Symbol.dispose](): void {
    this.#rootfs[Symbol.dispose]();
    rmSync(this.path, { recursive: true, force: true });
    for (const group of groupsNamed(`coracle-oci-test-${process.pid}`)) removeTree(group);
  }
}

/** Directories of a group in all hierarchies. */
export function groupsNamed(name: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, mountPoint = '', type] = line.split(' ');
      return type === 'cgroup' || type === 'cgroup2' ? [join(mountPoint, name)] : [];
    })
    .filter((path) => existsSync(path));
}

function removeTree(directory: string): void {
  spawnSync('find', [directory, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
}

/** What came of a command. */
export interface Said {
  status: number | null;
  out: string;
  error: string;
}

/** A runtime with a state root of its own: ours, or a peer of the same command line. */
export class Runtime implements Disposable {
  readonly #program: string;
  readonly state: string = mkdtempSync(join(tmpdir(), 'oci-state-'));

  constructor(program: string) {
    this.#program = program;
  }

  /** Runs a command to its end. What it leaves running has nothing to read and nobody who reads what it writes. */
  call(
    args: readonly string[],
    options: { cwd?: string; env?: Record<string, string>; input?: string; redirect?: string } = {},
  ): Said {
    const log = join(this.state, 'output');
    mkdirSync(this.state, { recursive: true });
    const said = spawnSync(
      'sh',
      [
        '-c',
        `LISTEN_PID=$$ exec "$@" >${log} 2>${log}.error ${options.redirect ?? ''}`,
        'sh',
        this.#program,
        '--root',
        join(this.state, 'root'),
        ...args,
      ],
      {
        cwd: options.cwd ?? '/',
        encoding: 'utf8',
        timeout: 120_000, // an emulated machine beside others takes most of it for what is done in a second here
        env: { PATH: process.env['PATH'] ?? '', ...options.env },
        input: options.input ?? '',
      },
    );
    return { status: said.status, out: readFileSync(log, 'utf8'), error: readFileSync(`${log}.error`, 'utf8') };
  }

  /** Runs a command beside others; resolves with its exit code. */
  begin(args: readonly string[]): Promise<number | null> {
    const words = ['--root', join(this.state, 'root'), ...args];
    return new Promise((resolve) => spawn(this.#program, words, { stdio: 'ignore', cwd: '/' }).on('exit', resolve));
  }

  /** What `state` prints of a container; `undefined` when it fails. */
  stateOf(id: string): Record<string, unknown> | undefined {
    const { status, out } = this.call(['state', id]);
    return status === 0 ? JSON.parse(out) : undefined;
  }

  /** What lies in the state root. */
  left(): string[] {
    const root = join(this.state, 'root');
    return existsSync(root) ? readdirSync(root) : [];
  }

  [Symbol.dispose](): void {
    for (const id of this.left()) this.call(['delete', '--force', id]);
    rmSync(this.state, { recursive: true, force: true });
  }
}

/** Resolves when something is so; fails when it is not after ten seconds. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
