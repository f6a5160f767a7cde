import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { detect } from '@coracle/cgroups';
import { type FileOperation, killEach, listProcesses, runOperations } from '@coracle/cgroups-core';
import type { Place } from '@coracle/cgroups-v1';

const NAME = /^coracle-bench-(\d+)$/;
const PATIENCE_MS = 20_000;

/**
 * Where groups are made: a group of the benchmark's own in each hierarchy, which is removed with all below it, whatever ends the
 * program. Those that a killed one left are removed when the next begins.
 */
export class Ground implements Disposable {
  /** On version 1 by controller; on version 2 one directory. */
  readonly v1: Place | undefined;
  readonly v2: string | undefined;
  readonly #tops: readonly string[];

  constructor() {
    const machine = detect();
    const counting = Object.entries(machine.v1).filter(([name]) => ['pids', 'memory', 'cpuacct'].includes(name));
    const parents =
      counting.length > 0 ? counting.map(([, directory]) => directory) : [machine.v2?.parent ?? []].flat();
    if (parents.length === 0) throw new Error('no group can be made here: be root, or have one delegated to you');
    const name = `coracle-bench-${process.pid}`;
    for (const parent of parents) removeAbandoned(parent);
    this.#tops = parents.map((parent) => `${parent}/${name}`);
    this.v1 =
      counting.length > 0
        ? Object.fromEntries(counting.map(([controller, directory]) => [controller, `${directory}/${name}`]))
        : undefined;
    this.v2 = this.v1 ? undefined : this.#tops[0];
    process.once('exit', this.#remove);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, this.#leave);
    if (this.v2 !== undefined) handDown(`${machine.v2?.parent}`);
    makeDirectories(this.#tops);
    if (this.v2 !== undefined) handDown(this.v2);
  }

  /** The directories of a group of this name. */
  directories(name: string): string[] {
    return this.#tops.map((top) => `${top}/${name}`);
  }

  readonly #leave = (): void => process.exit(130);

  readonly #remove = (): void => {
    for (const top of this.#tops) removeTree(top);
  };

  [Symbol.dispose](): void {
    this.#remove();
    process.off('exit', this.#remove);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, this.#leave);
  }
}

/** @throws SystemError */
export function makeDirectories(paths: readonly string[]): void {
  runOperations(paths.map((path): FileOperation => ({ kind: 'mkdir', path, why: 'measure it' })));
}

function handDown(directory: string): void {
  const path = `${directory}/cgroup.subtree_control`;
  runOperations([{ kind: 'write', path, value: '+pids +memory +cpu', why: 'count' }]);
}

function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, pid] = NAME.exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeTree(`${parent}/${name}`);
  }
}

/** At once, as the end of a program asks for it: nothing can be waited for there but in place. */
export function removeTree(directory: string): void {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(`${directory}/${entry.name}`);
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      rmdirSync(directory);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      killEach(listProcesses(directory));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
