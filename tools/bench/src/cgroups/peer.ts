import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A runtime of containers, which can make, limit, fill, count and remove a group only together with a container. */
export class Peer implements Disposable {
  readonly name: string;
  readonly #directory: string;
  #count = 0;

  /** @param rootfs with a program `sleep` */
  constructor(name: string, rootfs: string) {
    this.name = name;
    this.#directory = mkdtempSync(join(tmpdir(), 'coracle-bench-'));
    const config = {
      ociVersion: '1.0.2',
      root: { path: rootfs },
      process: { cwd: '/', args: ['sleep', '1000'], user: { uid: 0, gid: 0 }, env: ['PATH=/bin'] },
      linux: {
        // On version 2 no device can be used that no rule allows, not even the runtime's own /dev/null.
        resources: { pids: { limit: 20 }, devices: [{ allow: true, access: 'rwm' }] },
        namespaces: [{ type: 'pid' }, { type: 'mount' }],
      },
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      ],
    };
    writeFileSync(join(this.#directory, 'config.json'), JSON.stringify(config));
  }

  /** Makes a container with a limit of 20 processes, which waits to be started: its process is in the group. */
  create(): string {
    const id = `coracle-bench-${process.pid}-${this.#count++}`;
    this.#call('create', '--bundle', this.#directory, id);
    return id;
  }

  update(id: string): void {
    this.#call('update', '--pids-limit', '21', id);
  }

  /** One snapshot of its numbers. @throws where the runtime has no such command */
  stats(id: string): void {
    this.#call('events', '--stats', id);
  }

  delete(id: string): void {
    this.#call('delete', '--force', id);
  }

  #call(...args: string[]): void {
    // Not a pipe: the waiting container would hold it open.
    const path = join(this.#directory, 'errors');
    const errors = openSync(path, 'w');
    try {
      const words = ['--root', join(this.#directory, 'state'), ...args];
      const { status, error } = spawnSync(this.name, words, { stdio: ['ignore', 'ignore', errors], timeout: 60_000 });
      if (status !== 0) throw new Error(readFileSync(path, 'utf8').trim() || String(error));
    } finally {
      closeSync(errors);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
