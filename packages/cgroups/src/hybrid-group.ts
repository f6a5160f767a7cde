import { checkLimits, type Group, type Limits, RESOURCES, type Stats, type WaitOptions } from '@coracle/cgroups-core';
import type { Machine } from './detect.ts';
import { mergeStats } from './merge-stats.ts';
import { pick } from './plan.ts';

/** A group that lies in both versions, since each has the controller of another limit. */
export class HybridGroup implements Group {
  readonly directories: readonly string[];
  readonly #v1: Group;
  readonly #v2: Group;
  readonly #resources: Machine['resources'];

  constructor({ v1, v2, resources }: { v1: Group; v2: Group; resources: Machine['resources'] }) {
    this.#v1 = v1;
    this.#v2 = v2;
    this.#resources = resources;
    this.directories = [...v1.directories, ...v2.directories];
  }

  setLimits(limits: Limits): void {
    checkLimits(limits);
    const on = (version: 'v1' | 'v2'): Limits =>
      pick(
        limits,
        RESOURCES.filter((resource) => this.#resources[resource].version === version),
      );
    this.#v1.setLimits(on('v1'));
    this.#v2.setLimits(on('v2'));
  }

  add(pid: number): void {
    this.#v1.add(pid);
    this.#v2.add(pid);
  }

  stats(): Stats {
    return mergeStats(this.#v1.stats(), this.#v2.stats());
  }

  processes(): number[] {
    return [...new Set([...this.#v1.processes(), ...this.#v2.processes()])];
  }

  async killAll(options?: WaitOptions): Promise<void> {
    await this.#v1.killAll(options);
    await this.#v2.killAll(options);
  }

  async delete(): Promise<void> {
    await this.#v1.delete();
    await this.#v2.delete();
  }

  /** Ends its processes and removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAll();
    await this.delete();
  }
}
