import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Resources } from '@coracle/oci-spec';

/** Another runtime, which makes a group for a configuration. */
export class Peer implements Disposable {
  readonly name: string;
  readonly #directory: string;

  constructor(name: string) {
    this.name = name;
    this.#directory = mkdtempSync(join(tmpdir(), 'coracle-peer-'));
    for (const name of ['proc', 'dev']) mkdirSync(join(this.#directory, 'rootfs', name), { recursive: true });
    // The container is created and never started: the program is only looked for.
    writeFileSync(join(this.#directory, 'rootfs/program'), '', { mode: 0o755 });
  }

  /**
   * Makes a container that waits to be started, in a group of this path.
   * @returns what it says when it fails
   */
  create(id: string, cgroupsPath: string, resources: Resources): string | undefined {
    const config = {
      ociVersion: '1.0.2',
      root: { path: 'rootfs' },
      process: { cwd: '/', args: ['/program'], user: { uid: 0, gid: 0 }, env: ['PATH=/'] },
      linux: { cgroupsPath, resources, namespaces: [{ type: 'pid' }, { type: 'mount' }] },
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      ],
    };
    writeFileSync(join(this.#directory, 'config.json'), JSON.stringify(config));
    return this.#run(['create', '--bundle', this.#directory, id]);
  }

  /** @returns what it says when it fails */
  update(id: string, resources: Resources): string | undefined {
    const file = join(this.#directory, 'update.json');
    writeFileSync(file, JSON.stringify(resources));
    return this.#run(['update', '--resources', file, id]);
  }

  delete(id: string): void {
    this.#run(['delete', '--force', id]);
  }

  #run(args: readonly string[]): string | undefined {
    // Not a pipe: the waiting container keeps it open, so that it would have no end.
    const path = join(this.#directory, 'errors');
    const errors = openSync(path, 'w');
    try {
      const { status, error } = spawnSync(this.name, ['--root', join(this.#directory, 'state'), ...args], {
        stdio: ['ignore', 'ignore', errors],
        timeout: 60_000,
      });
      return status === 0 ? undefined : readFileSync(path, 'utf8') || String(error);
    } finally {
      closeSync(errors);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
