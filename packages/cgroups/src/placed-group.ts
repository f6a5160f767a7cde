import {
  combineSources,
  type EventOptions,
  type EventSource,
  type EventState,
  type EventStream,
  enforce,
  type Group,
  type GroupEvent,
  groupEvents,
  type LeftOut,
  type Resources,
  type Snapshot,
  type StatsSelection,
  type UpdateOptions,
  type WaitOptions,
} from '@coracle/cgroups-core';
import { isErrno } from '@coracle/errors';
import type { FullMachine } from './detect-all.ts';
import { divide } from './divide.ts';
import { mergeStats } from './merge-stats.ts';

/** A group on the versions that have its controllers: on one, or on both, each with a part of the resources. */
export class PlacedGroup implements Group {
  readonly directories: readonly string[];
  readonly #v1: Group | undefined;
  readonly #v2: Group | undefined;
  readonly #machine: FullMachine;

  constructor({ v1, v2, machine }: { v1: Group | undefined; v2: Group | undefined; machine: FullMachine }) {
    this.#v1 = v1;
    this.#v2 = v2;
    this.#machine = machine;
    this.directories = this.#parts().flatMap(({ directories }) => directories);
  }

  #parts(): Group[] {
    return [this.#v1 ?? [], this.#v2 ?? []].flat();
  }

  update(resources: Resources, options: UpdateOptions = {}): LeftOut[] {
    const division = divide(resources, this.#machine, options.mode);
    const elsewhere = [
      ...(this.#v1 ? [] : placeless(division.v1, 'version 1')),
      ...(this.#v2 ? [] : placeless(division.v2, 'version 2')),
    ];
    enforce(elsewhere, options.mode);
    return [
      ...division.leftOut,
      ...elsewhere,
      ...(this.#v1?.update(division.v1, options) ?? []),
      ...(this.#v2?.update(division.v2, options) ?? []),
    ];
  }

  add(pid: number): void {
    for (const part of this.#parts()) part.add(pid);
  }

  addThread(tid: number): void {
    for (const part of this.#parts()) part.addThread(tid);
  }

  stats(wanted?: StatsSelection): Snapshot {
    const atNanoseconds = process.hrtime.bigint();
    return { ...mergeStats(this.#v1?.stats(wanted), this.#v2?.stats(wanted)), atNanoseconds };
  }

  events(options?: EventOptions): EventStream<EventState, GroupEvent> {
    return groupEvents(this.eventSource(options), options);
  }

  eventSource(options?: EventOptions): EventSource<EventState> {
    return combineSources(this.#parts().map((part) => part.eventSource(options)));
  }

  processes(): number[] {
    return [...new Set(this.#parts().flatMap((part) => part.processes()))];
  }

  threads(): number[] {
    return [...new Set(this.#parts().flatMap((part) => part.threads()))];
  }

  async freeze(options?: WaitOptions): Promise<void> {
    await this.#byOne((part) => part.freeze(options));
  }

  async thaw(options?: WaitOptions): Promise<void> {
    await this.#byOne((part) => part.thaw(options));
  }

  /** Both parts have the same processes, so that one has to do it: version 2, which tells when it is done, where it can. */
  async #byOne(action: (part: Group) => Promise<void>): Promise<void> {
    const [first, second] = this.#parts().reverse();
    try {
      if (first) await action(first);
    } catch (error) {
      if (!second || !isErrno(error, 'EOPNOTSUPP')) throw error;
      await action(second);
    }
  }

  async killAll(options?: WaitOptions): Promise<void> {
    for (const part of this.#parts()) await part.killAll(options);
  }

  async delete(options?: WaitOptions): Promise<void> {
    for (const part of this.#parts()) await part.delete(options);
  }

  /** Ends its processes and removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAll();
    await this.delete();
  }
}

function placeless(resources: Resources, version: string): LeftOut[] {
  return Object.keys(resources).map((resource) => ({
    resource,
    reason: `the group does not lie in ${version}, which has the controller of ${resource}`,
    alternative: `name ${resource} when the group is made`,
  }));
}
