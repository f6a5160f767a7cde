import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** An id without a line in /etc/passwd or /etc/subuid is the plainest ordinary user there is. */
export const PLAIN_USER = 54321;

/** The `coracle` command, in a copy that every user can read; the checkout may lie in somebody's private directory. */
export interface CommandCopy extends Disposable {
  /** Path of the command's file, to be run with `process.execPath`. */
  path: string;
  /** Runs the command as a shell would, by its first line, and waits for its end. */
  run(args: readonly string[], options?: RunCommandOptions): SpawnSyncReturns<string>;
}

/** How the command is run. */
export interface RunCommandOptions {
  input?: string | Buffer;
  /** As this user instead of the caller; needs root. */
  uid?: number;
  env?: Record<string, string>;
  cwd?: string;
}

/**
 * Copies a built command and koffi to a directory under the one for temporary files, where every user can read it.
 * @param app directory of the app in the repository; `name`: of the built file
 * @returns the path of the copy; its directory is the caller's to remove
 * @throws when it has not been built
 */
export function copyApp({ app, name }: { app: string; name: string }): string {
  const built = join(repository, app, 'dist', name);
  if (!existsSync(built)) throw new Error(`build the command first: ${built} is missing`);
  const directory = mkdtempSync(join(tmpdir(), 'coracle-command-'));
  chmodSync(directory, 0o755);
  cpSync(dirname(built), directory, { recursive: true });
  const koffi = realpathSync(join(repository, app, 'node_modules/koffi'));
  const modules = join(directory, 'node_modules');
  mkdirSync(modules);
  cpSync(koffi, join(modules, 'koffi'), { recursive: true });
  const binaries = `@koromix/koffi-linux-${process.arch}`;
  cpSync(realpathSync(join(koffi, '..', binaries)), join(modules, binaries), { recursive: true });
  return join(directory, name);
}

/**
 * Copies the built command `coracle` and koffi to a directory under the one for temporary files.
 * @throws when the command has not been built
 */
export function copyCommand(): CommandCopy {
  const path = copyApp({ app: 'apps/cli', name: 'coracle.cjs' });
  const directory = dirname(path);
  const runtimes = new Map<number, string>();
  const runtimeOf = (uid: number): string => {
    const runtime = runtimes.get(uid) ?? join(directory, `run-${uid}`);
    if (!runtimes.has(uid)) {
      mkdirSync(runtime, { mode: 0o700 });
      chownSync(runtime, uid, uid);
      runtimes.set(uid, runtime);
    }
    return runtime;
  };
  return {
    path,
    run: (args, { input, uid, env = {}, cwd = '/' } = {}) =>
      spawnSync(path, args, {
        encoding: 'utf8',
        cwd,
        env: {
          PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
          ...(uid === undefined ? {} : { XDG_RUNTIME_DIR: runtimeOf(uid) }),
          ...env,
        },
        timeout: 60_000,
        ...(input === undefined ? { stdio: ['ignore', 'pipe', 'pipe'] } : { input }),
        ...(uid === undefined ? {} : { uid, gid: uid }),
      }),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  };
}
