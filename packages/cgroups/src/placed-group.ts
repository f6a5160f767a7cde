import {
  combineSources,
  type EventOptions,
  type EventSource,
  type EventState,
  type EventStream,
  enforce,
  type FileOperation,
  type Group,
  type GroupEvent,
  groupEvents,
  killAsBorn,
  killUntilEmpty,
  type LeftOut,
  listProcesses,
  type PlannedUpdate,
  type Resources,
  removeGroup,
  runAsFarAs,
  type Snapshot,
  type StatsSelection,
  type UpdateOptions,
  type WaitOptions,
  writeValue,
} from '@coracle/cgroups-core';
import { isErrno, SystemError } from '@coracle/errors';
import type { FullMachine } from './detect-all.ts';
import { divide } from './divide.ts';
import { mergeStats } from './merge-stats.ts';

/** Where a group lies, and what says on which version its resources are. */
export interface Placement {
  v1: Group | undefined;
  v2: Group | undefined;
  /** Directories in hierarchies without controllers, such as `name=systemd`: it is only counted there. */
  others?: readonly string[];
  /** Asked when resources are changed. */
  machine: () => FullMachine;
}

/** A group on the versions that have its controllers: on one, or on both, each with a part of the resources. */
export class PlacedGroup implements Group {
  readonly directories: readonly string[];
  readonly #v1: Group | undefined;
  readonly #v2: Group | undefined;
  readonly #others: readonly string[];
  readonly #machine: () => FullMachine;

  constructor({ v1, v2, others = [], machine }: Placement) {
    this.#v1 = v1;
    this.#v2 = v2;
    this.#others = others;
    this.#machine = machine;
    this.directories = [...this.#parts().flatMap(({ directories }) => directories), ...others];
  }

  #parts(): Group[] {
    return [this.#v1 ?? [], this.#v2 ?? []].flat();
  }

  update(resources: Resources, options: UpdateOptions = {}): LeftOut[] {
    const { operations, leftOut } = this.planUpdate(resources, options);
    return [...leftOut, ...runAsFarAs(operations, options.mode ?? 'strict')];
  }

  /** Of both parts in one go, so that what the second refuses is put back in the first. */
  planUpdate(resources: Resources, options: UpdateOptions = {}): PlannedUpdate {
    const division = divide(resources, this.#machine(), options.mode);
    const elsewhere = [
      ...(this.#v1 ? [] : placeless(division.v1, 'version 1')),
      ...(this.#v2 ? [] : placeless(division.v2, 'version 2')),
    ];
    enforce(elsewhere, options.mode);
    const parts = [this.#v1?.planUpdate(division.v1, options), this.#v2?.planUpdate(division.v2, options)];
    const planned = parts.flatMap((part) => part ?? []);
    return {
      leftOut: [...division.leftOut, ...elsewhere, ...planned.flatMap(({ leftOut }) => leftOut)],
      operations: inTurn(planned.map(({ operations }) => operations)),
    };
  }

  add(pid: number): void {
    for (const part of this.#parts()) part.add(pid);
    for (const directory of this.#others) writeValue(`${directory}/cgroup.procs`, `${pid}`);
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
    return [...new Set([...this.#parts().flatMap((part) => part.processes()), ...this.#others.flatMap(listProcesses)])];
  }

  threads(): number[] {
    return [...new Set(this.#parts().flatMap((part) => part.threads()))];
  }

  /** All parts have the same processes, so that one has to do it: version 2, which tells when it is done, where it can. */
  async freeze(options?: WaitOptions): Promise<void> {
    const [first, second] = this.#parts().reverse();
    if (!first) throw notToBeFrozen(this.directories[0]);
    try {
      await first.freeze(options);
    } catch (error) {
      if (!second || !isErrno(error, 'EOPNOTSUPP')) throw error;
      await second.freeze(options);
    }
  }

  /** On either version, wherever it was frozen. */
  async thaw(options?: WaitOptions): Promise<void> {
    const parts = this.#parts();
    const refusals: unknown[] = [];
    for (const part of parts) {
      try {
        await part.thaw(options);
      } catch (error) {
        if (!isErrno(error, 'EOPNOTSUPP')) throw error;
        refusals.push(error);
      }
    }
    if (refusals.length === parts.length) throw refusals[0] ?? notToBeFrozen(this.directories[0]);
  }

  async killAll(options?: WaitOptions): Promise<void> {
    for (const part of this.#parts()) await part.killAll(options);
    for (const directory of this.#others) await killIn(directory, options);
  }

  async delete(options?: WaitOptions): Promise<void> {
    for (const part of this.#parts()) await part.delete(options);
    for (const directory of this.#others) await removeGroup(directory, options);
  }

  /** Ends its processes and removes it; on version 2 the threads of a threaded group go on in the group above. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of this.#parts()) await part[Symbol.asyncDispose]();
    for (const directory of this.#others) {
      await killIn(directory);
      await removeGroup(directory);
    }
  }
}

async function killIn(directory: string, options?: WaitOptions): Promise<void> {
  const processes = (): number[] => listProcesses(directory);
  await killUntilEmpty({ directory, processes, killOnce: () => killAsBorn(processes) }, options);
}

/** A list stays one: of that it is known what comes last. */
function inTurn(parts: readonly Iterable<FileOperation>[]): Iterable<FileOperation> {
  if (parts.every(Array.isArray)) return parts.flat();
  return (function* () {
    for (const part of parts) yield* part;
  })();
}

function notToBeFrozen(path: string | undefined): SystemError {
  return new SystemError({
    code: 'EOPNOTSUPP',
    syscall: 'freeze',
    path,
    text: 'the group lies in no hierarchy that can stop it',
    hint: 'version 1 needs the controller freezer; as an ordinary user, have a group of version 2 delegated to you',
  });
}

function placeless(resources: Resources, version: string): LeftOut[] {
  return Object.keys(resources).map((resource) => ({
    resource,
    reason: `the group does not lie in ${version}, which has the controller of ${resource}`,
    alternative: `name ${resource} when the group is made`,
  }));
}
