import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeEmptyRoot } from './empty-root.ts';
import { needs, type Requirement } from './needs.ts';
import { groupsNamed, removeGroup, type Said } from './podman.ts';

/**
 * In namespaces of its own: what it mounts, what it writes below /run, and the loopback device it wants are gone with it. It
 * makes no network.
 */
const DAEMON = `
mount --make-rprivate /
mount -t tmpfs tmpfs /run
ip link set lo up
exec dockerd --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" --host "unix://$1/socket" --cgroup-parent "/$2" \
  --exec-opt native.cgroupdriver=cgroupfs --storage-driver vfs --bridge none --iptables=false --ip6tables=false \
  --ip-forward=false --ip-masq=false --userland-proxy=false --log-level error --config-file "$1/daemon.json"`;

/** The name of its first image: places at which the host's programs are shown. */
const IMAGE = 'host';
const PATIENCE_MS = 30_000;

/** The real Docker: a daemon with all it stores in a directory of its own, and its command. */
export class Docker implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'docker-'));
  readonly #parent = `coracle-docker-${process.pid}`;
  readonly #shown: string[];
  readonly #daemon: ChildProcess;

  /**
   * @param options `shown`: directories of the host that containers see; `runtimes`: paths of OCI runtimes that it can run
   *   containers with, by the names it is to have for them
   * @throws Error with what the daemon said when it does not start here
   */
  constructor({ shown, runtimes = {} }: { shown: readonly string[]; runtimes?: Readonly<Record<string, string>> }) {
    const root = this.#path('rootfs');
    mkdirSync(root);
    const mounted = [...makeEmptyRoot(root), ...shown];
    chmodSync(join(root, 'tmp'), 0o777);
    this.#shown = mounted.flatMap((path) => ['--volume', `${path}:${path}:ro`]);
    const known = Object.entries(runtimes).map(([name, path]) => [name, { path }]);
    writeFileSync(this.#path('daemon.json'), JSON.stringify({ runtimes: Object.fromEntries(known) }));
    const words = ['-mn', 'sh', '-ec', `exec >"$1/log" 2>&1; ${DAEMON}`, 'sh', this.#directory, this.#parent];
    this.#daemon = spawn('unshare', words, { stdio: 'ignore' });
    try {
      this.#waitForDaemon();
      const { status, said } = this.importImage(root, IMAGE);
      if (status !== 0) throw new Error(said);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  /** Runs the command with these words. */
  call(...words: string[]): Said {
    return this.#docker(words);
  }

  /** What every container here is made with, from its options to its image. */
  container(options: readonly string[], command: readonly string[]): string[] {
    return ['--network', 'none', ...this.#shown, ...options, IMAGE, ...command];
  }

  #docker(words: readonly string[], input: Buffer | string = ''): Said {
    const { status, stdout, stderr } = spawnSync('docker', ['--host', `unix://${this.#path('socket')}`, ...words], {
      encoding: 'utf8',
      input,
      timeout: 60_000,
      env: { PATH: process.env['PATH'] ?? '', DOCKER_CONFIG: this.#path('config') },
    });
    return { status, said: stdout + stderr };
  }

  #waitForDaemon(): void {
    for (const end = Date.now() + PATIENCE_MS; ; pause(100)) {
      if (existsSync(this.#path('socket')) && this.#docker(['version']).status === 0) return;
      if (Date.now() > end) throw new Error(`dockerd does not start: ${lastLine(this.#path('log'))}`);
    }
  }

  /** Makes an image of a directory. */
  importImage(root: string, name: string): Said {
    const { stdout } = spawnSync('tar', ['-C', root, '-c', '.'], { maxBuffer: 1 << 26 });
    return this.#docker(['import', '-', name], stdout);
  }

  /** Runs a command in a new container with these options. */
  run(options: readonly string[], command: readonly string[]): Said {
    return this.#docker(['run', '--rm', ...this.container(options, command)]);
  }

  [Symbol.dispose](): void {
    if (existsSync(this.#path('pid'))) {
      process.kill(Number(readFileSync(this.#path('pid'), 'utf8')), 'SIGTERM'); // it ends its containerd as well
      for (const end = Date.now() + PATIENCE_MS; existsSync(this.#path('pid')) && Date.now() < end; ) pause(50);
    }
    this.#daemon.kill('SIGKILL');
    for (const path of groupsNamed(this.#parent)) removeGroup(path);
    rmSync(this.#directory, { recursive: true, maxRetries: 20, retryDelay: 50 });
  }
}

function lastLine(file: string): string {
  return existsSync(file) ? (readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '') : 'it has said nothing';
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/**
 * A machine may forbid what Docker needs: its daemon is started once to see.
 * @param programs that it needs
 */
export function dockerWorks(programs: readonly Requirement[]): Requirement {
  if (!needs.root.met || !programs.every(({ met }) => met)) return { what: 'a dockerd that runs', met: false };
  try {
    using tried = new Docker({ shown: [] });
    const { status, said } = tried.run([], ['true']);
    return { what: `a dockerd that starts containers here (${said.trim()})`, met: status === 0 };
  } catch (error) {
    return { what: `a dockerd that runs here (${error instanceof Error ? error.message : error})`, met: false };
  }
}
