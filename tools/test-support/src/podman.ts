import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeEmptyRoot } from './empty-root.ts';

/** Who runs podman where root does not: newuidmap(1) wants a name, and this user has one everywhere. */
export const NOBODY = 65534;

/** The capabilities that podman gives if nothing is said; distributions differ. */
const CAPABILITIES =
  'CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(' ');

/** Without its files in /dev/shm, its journal, and limits above those of the caller. */
const settings = (cgroupManager: 'cgroupfs' | 'systemd'): string => `[containers]
default_capabilities = ${JSON.stringify(CAPABILITIES)}
default_ulimits = []
[engine]
cgroup_manager = "${cgroupManager}"
events_logger = "none"
lock_type = "file"
runtime = "runc"
`;

const SHELL = `
if [ -n "$SUBIDS" ]; then
  for file in /etc/subuid /etc/subgid; do mount --bind "$SUBIDS" $file; done
  exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups "$@"
fi
exec "$@"`;

/** Where systemd is process 1 it is so in an emulated machine, which takes its time, and more beside others. */
const EMULATED_MS = 200_000;

/** What came of a command in a container of another engine. */
export interface Said {
  status: number | null;
  /** Both outputs, without the engine's own warnings. */
  said: string;
}

/**
 * The real podman, with all it stores in a directory of its own. Its containers see the host's programs, read-only; no image
 * is needed.
 */
export class Podman implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'podman-'));
  readonly #isRootless: boolean;
  readonly #parent: string;
  readonly #enter: readonly string[];
  readonly #shown: string[];

  readonly #runtime: readonly string[];

  /**
   * @param options `shown`: directories of the host that containers see; `rootless`: as an ordinary user, nobody; `runtime`: path of
   *   the one to run them with, runc if absent; `engine`: further lines of that section of containers.conf; `inside`: puts words before
   *   a command that let it run where systemd is process 1, which then makes the groups
   */
  constructor({
    shown,
    rootless = false,
    runtime,
    engine = '',
    inside,
  }: {
    shown: readonly string[];
    rootless?: boolean;
    runtime?: string;
    engine?: string;
    inside?: readonly string[];
  }) {
    this.#parent = `coracle-podman-${process.pid}${inside ? '.slice' : ''}`;
    this.#enter = inside ?? [];
    this.#isRootless = rootless;
    this.#runtime = runtime === undefined ? [] : ['--runtime', runtime];
    const root = this.#path('rootfs');
    for (const path of [root, this.#path('home'), this.#path('home/run')]) mkdirSync(path);
    const programs = makeEmptyRoot(root);
    const directories = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    chmodSync(this.#directory, 0o755);
    chmodSync(join(root, 'tmp'), 0o777);
    chmodSync(this.#path('home/run'), 0o700);
    const mounted = [...programs, ...shown];
    this.#shown = mounted.flatMap((path) => ['--volume', `${path}:${path}:ro`]);
    writeFileSync(this.#path('containers.conf'), `${settings(inside ? 'systemd' : 'cgroupfs')}${engine}\n`);
    writeFileSync(this.#path('subids'), 'nobody:900000:65536\n');
    const owned = rootless
      ? ['', 'home', 'home/run', 'rootfs', ...directories.map(({ name }) => `rootfs/${name}`)]
      : [];
    for (const path of owned) chownSync(this.#path(path), NOBODY, NOBODY);
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  /** Runs a command in a new container with these options, which is removed at its end. */
  run(options: readonly string[], command: readonly string[]): Said {
    return this.call('run', '--rm', ...this.containerOptions(), ...options, '--rootfs', this.rootfs, ...command);
  }

  /** The root that containers have, on the host. */
  get rootfs(): string {
    return this.#path('rootfs');
  }

  /** Options that show what is in it: the programs of the host, and what else was to be shown. */
  get volumes(): readonly string[] {
    return this.#shown;
  }

  /** Path of the group that those of its containers are in; for systemd the name of its slice. */
  get cgroupParent(): string {
    return this.#parent.endsWith('.slice') ? this.#parent : `/${this.#parent}`;
  }

  /** What every container here is made with. */
  containerOptions(): string[] {
    const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000'];
    const group = this.#isRootless ? [] : ['--cgroup-parent', this.cgroupParent]; // version 1 lets nobody else have one
    return ['--network', 'none', ...group, ...limits, ...this.#shown];
  }

  /** Runs podman itself with these words. */
  call(...words: string[]): Said {
    const places = ['root', 'runroot', 'tmpdir'].flatMap((place) => [`--${place}`, this.#path(place)]);
    const podman = ['podman', ...places, ...this.#runtime, ...words];
    const [program = '', ...args] = [...this.#enter, 'unshare', '-m', 'sh', '-ec', SHELL, 'sh', ...podman];
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: 'utf8',
      cwd: '/',
      timeout: this.#enter.length > 0 ? EMULATED_MS : 60_000,
      env: {
        PATH: process.env['PATH'] ?? '',
        CONTAINERS_CONF: this.#path('containers.conf'),
        HOME: this.#path('home'),
        TMPDIR: this.#path('home'),
        // That of a user who has a systemd has the bus in it.
        XDG_RUNTIME_DIR: this.#isRootless && this.#enter.length > 0 ? `/run/user/${NOBODY}` : this.#path('home/run'),
        SUBIDS: this.#isRootless ? this.#path('subids') : '',
      },
    });
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => !line.includes('level=warning'));
    return { status, said: lines.join('\n') };
  }

  [Symbol.dispose](): void {
    this.#endPause();
    for (const path of groupsNamed(this.#parent)) removeGroup(path);
    rmSync(this.#directory, { recursive: true, maxRetries: 20, retryDelay: 50 });
  }

  /** Rootless podman keeps a process that holds its user namespace. */
  #endPause(): void {
    const file = this.#path('tmpdir/pause.pid');
    if (existsSync(file)) process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL');
  }
}

/** The groups of that name at the top of every hierarchy. */
export function groupsNamed(name: string): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return mounts
    .flatMap((line) => {
      const [, mountPoint = '', type] = line.split(' ');
      return type === 'cgroup' || type === 'cgroup2' ? [join(mountPoint, name)] : [];
    })
    .filter((path) => existsSync(path));
}

/** Podman's own process for a container, conmon, leaves the group a moment after podman has ended. */
export function removeGroup(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(join(directory, entry.name));
  for (let tries = 1; ; tries++) {
    try {
      rmdirSync(directory);
      return;
    } catch (error) {
      const code: unknown = Reflect.get(Object(error), 'code'); // Jest's realms have an Error each
      if (code === 'ENOENT') return;
      if (tries === 250 || code !== 'EBUSY') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** Whether podman starts containers here at all, with runc, as root or rootless; where it does not, it says why. */
export function whyNoPodman({ rootless }: { rootless: boolean }): string | undefined {
  using podman = new Podman({ shown: [], rootless });
  const { status, said } = podman.run([], ['true']);
  return status === 0 ? undefined : said.trim().split('\n').at(-1);
}

/** What a directory of a program needs to be seen in a container of its own: that of Node's installation. */
export const NODE: string = dirname(dirname(process.execPath));
