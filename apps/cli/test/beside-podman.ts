import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CommandCopy,
  copyCommand,
  NOBODY,
  needs,
  type Podman,
  type Requirement,
  whyNoPodman,
} from '@coracle/test-support';
import { expect } from '@jest/globals';

/** Who starts containers, and what has to be there for podman to do so as well. */
export interface Who {
  who: string;
  rootless: boolean;
  needed: readonly Requirement[];
}

const PROGRAMS = ['podman', 'runc', 'unshare', 'setpriv', 'newuidmap'].map((name) => needs.program(name));

/** Root and an ordinary user, each with what its comparisons need of the machine. */
export const BOTH: readonly Who[] = [
  { who: 'root', rootless: false },
  { who: 'an ordinary user', rootless: true },
].map((one) => ({ ...one, needed: [needs.root, ...PROGRAMS, works(one.rootless)] }));

/** Started once to see whether it can: a machine may forbid what podman needs. */
function works(rootless: boolean): Requirement {
  const why = needs.root.met && PROGRAMS.every(({ met }) => met) ? whyNoPodman({ rootless }) : 'not tried';
  const what = `a podman that starts ${rootless ? 'rootless' : 'rootful'} containers here (${why})`;
  return { what, met: why === undefined };
}

/** Runs the command as the user that podman is run as, whose lines in /etc/subuid and /etc/subgid are the same. */
const AS_NOBODY = `for file in /etc/subuid /etc/subgid; do mount --bind "$1" $file; done; shift
  exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups "$@"`;

/** The command and podman, each with a place for what it stores. */
export class Beside implements Disposable {
  /** Every user can read it. */
  readonly directory: string = mkdtempSync(join(tmpdir(), 'beside-podman-'));
  readonly #coracle: CommandCopy = copyCommand();

  constructor() {
    chmodSync(this.directory, 0o755);
    writeFileSync(join(this.directory, 'subids'), 'nobody:900000:65536\n');
    const runtime = join(this.directory, 'run');
    mkdirSync(runtime, { mode: 0o700 });
    chownSync(runtime, NOBODY, NOBODY);
  }

  /** What a container of ours writes; it has to succeed. */
  ours(words: readonly string[], { rootless }: Pick<Who, 'rootless'>): string {
    const { status, stdout, stderr } = this.run(words, { rootless });
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.anything() });
    return stdout;
  }

  /** What comes of one, whatever it is. */
  run(
    words: readonly string[],
    { rootless }: Pick<Who, 'rootless'>,
  ): { status: number | null; stdout: string; stderr: string } {
    const run = ['run', '--quiet', ...words];
    if (!rootless) return this.#coracle.run(run);
    const command = [process.execPath, this.#coracle.path, ...run];
    const shell = ['-m', 'sh', '-ec', AS_NOBODY, 'sh', join(this.directory, 'subids'), ...command];
    const env = { PATH: process.env['PATH'] ?? '', XDG_RUNTIME_DIR: join(this.directory, 'run') };
    return spawnSync('unshare', shell, { encoding: 'utf8', cwd: '/', env });
  }

  [Symbol.dispose](): void {
    this.#coracle[Symbol.dispose]();
    rmSync(this.directory, { recursive: true });
  }
}

/** What a container of podman writes; it has to succeed. */
export function podmans(podman: Podman, options: readonly string[], script: string): string {
  const { status, said } = podman.run(options, ['sh', '-c', script]);
  expect({ status, said }).toEqual({ status: 0, said: expect.anything() });
  return said;
}

/** A script that looks at several things, and {@link answersIn} for what it writes. */
export function askAll(looks: Readonly<Record<string, string>>): string {
  return Object.entries(looks)
    .map(([name, look]) => `echo "===== ${name}"; (${look}) 2>&1`)
    .join('\n');
}

/** What each look of {@link askAll} saw. */
export function answersIn(text: string): Map<string, string> {
  const [, ...parts] = text.split(/^===== /m);
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1).trimEnd()];
    }),
  );
}
