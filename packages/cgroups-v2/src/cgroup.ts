import { existsSync } from 'node:fs';
import {
  checkId,
  type DoorOptions,
  type EventOptions,
  type EventSource,
  type EventState,
  type EventStream,
  enforce,
  type Group,
  type GroupEvent,
  groupEvents,
  killAsBorn,
  killUntilEmpty,
  type LeftOut,
  listProcesses,
  listThreads,
  type Mode,
  type PlannedUpdate,
  type Resources,
  readTexts,
  readValue,
  refuseCallerInside,
  removeGroup,
  runAsFarAs,
  runOperations,
  type Snapshot,
  type StatsSelection,
  type UpdateOptions,
  type WaitOptions,
  writeValue,
} from '@coracle/cgroups-core';
import { isErrno } from '@coracle/errors';
import { clearOfProcesses } from './clear-of-processes.ts';
import { checkPartition } from './cpuset.ts';
import { eventSource } from './event-source.ts';
import { freeze, thaw } from './freeze.ts';
import { type Place, planCreate } from './plan.ts';
import { controllersOf, planResources } from './plan-resources.ts';
import { lackingInThreads, limitableInThreads, planThreaded } from './plan-threaded.ts';
import { parseStats, statFiles } from './stats.ts';
import { giveThreadsBack, isThreaded, onlyThreads } from './threads.ts';

/** How to make a group. */
export interface CreateOptions {
  controllers?: readonly string[];
  threaded?: boolean;
  mode?: Mode;
  onLeftOut?: (leftOut: LeftOut[]) => void;
}

/**
 * A group of version 2.
 * @see cgroups(7), "Cgroups version 2"
 * @example
 * await using box = CgroupV2.create({ parent: '/sys/fs/cgroup', name: 'box' }, { pids: 20 });
 * box.add(4711); // a child's: the end of the scope kills it
 */
export class CgroupV2 implements Group {
  readonly directories: readonly string[];
  readonly #directory: string;
  readonly #door: DoorOptions;

  private constructor(directory: string, door: DoorOptions = {}) {
    this.#directory = directory;
    this.#door = door;
    this.directories = [directory];
  }

  /**
   * Makes a group, or takes over one that is there, and puts its resources in force. What was made is removed again when one
   * of them fails.
   * @param options `controllers`: what to hand down beside those of the resources, for statistics; `threaded`: it takes single
   *   threads of processes in the group right above, see {@link planThreaded}; `mode` as for {@link update}, `onLeftOut` gets
   *   what it left out
   * @throws SystemError EINVAL, ENOENT, EACCES, EPERM, EBUSY, see {@link writeValue}; EOPNOTSUPP for a resource that version 2
   *   does not have
   * @example
   * CgroupV2.create({ parent: '/sys/fs/cgroup', name: 'box' }, { memory: '64m' }, { controllers: ['pids'] });
   */
  static create(place: Place, resources: Resources = {}, options: CreateOptions = {}): CgroupV2 {
    const { controllers = [], threaded = false, mode = 'strict', onLeftOut } = options;
    const directory = `${place.parent}/${place.name}`;
    const lacking = threaded ? lackingInThreads(resources) : [];
    enforce(lacking, mode);
    const kept = threaded ? limitableInThreads(resources) : resources;
    // What cannot be meant or had is refused before anything is made.
    planResources(directory, kept, { mode });
    const group = new CgroupV2(directory);
    const handed = [...controllersOf(kept), ...controllers];
    const putBack = existsSync(directory);
    runOperations(
      (function* () {
        yield* threaded ? planThreaded(place, handed) : clearOfProcesses(planCreate(place, {}, handed).create);
        const { operations, leftOut } = group.planUpdate(kept, { mode });
        const refused = runAsFarAs(operations, mode, { putBack });
        onLeftOut?.([...lacking, ...leftOut, ...refused]);
      })(),
    );
    return group;
  }

  /**
   * A group that exists. Nothing is looked up.
   * @param door how its files are reached; a test can take any directory for a group
   * @example
   * CgroupV2.open('/sys/fs/cgroup/box').stats(['pids']).pids?.current;
   */
  static open(directory: string, door: DoorOptions = {}): CgroupV2 {
    return new CgroupV2(directory, door);
  }

  update(resources: Resources, options: UpdateOptions = {}): LeftOut[] {
    const { operations, leftOut } = this.planUpdate(resources, options);
    return [...leftOut, ...runAsFarAs(operations, options.mode ?? 'strict', this.#door)];
  }

  planUpdate(resources: Resources, { mode = 'strict' }: UpdateOptions = {}): PlannedUpdate {
    const directory = this.#directory;
    const { operations, leftOut } = planResources(directory, resources, { read: readValue, mode });
    if (resources.cpuset?.partition === undefined) return { operations, leftOut };
    return {
      leftOut,
      operations: (function* () {
        yield* operations;
        checkPartition(directory, readValue);
      })(),
    };
  }

  add(pid: number): void {
    checkId(pid, this.#directory);
    writeValue(`${this.#directory}/cgroup.procs`, String(pid), this.#door);
  }

  addThread(tid: number): void {
    checkId(tid, this.#directory);
    writeValue(`${this.#directory}/cgroup.threads`, String(tid), this.#door);
  }

  stats(wanted: StatsSelection = 'all'): Snapshot {
    const atNanoseconds = process.hrtime.bigint();
    const texts = readTexts(statFiles(this.#directory, wanted));
    return { atNanoseconds, ...parseStats(this.#directory, texts) };
  }

  events(options: EventOptions = {}): EventStream<EventState, GroupEvent> {
    return groupEvents(this.eventSource(), options);
  }

  eventSource(): EventSource<EventState> {
    return eventSource(this.#directory);
  }

  processes(): number[] {
    return listProcesses(this.#directory);
  }

  threads(): number[] {
    return listThreads(this.#directory, 'cgroup.threads');
  }

  async freeze(options: WaitOptions = {}): Promise<void> {
    refuseCallerInside(this.#directory, { processes: this.processes(), syscall: 'freeze' });
    await freeze(this.#directory, { ...options, ...this.#door });
  }

  async thaw(options: WaitOptions = {}): Promise<void> {
    await thaw(this.#directory, { ...options, ...this.#door });
  }

  /** One write since Linux 5.14; before, frozen processes are killed one by one, again until nothing is left. */
  async killAll(options?: WaitOptions): Promise<void> {
    await killUntilEmpty(
      {
        directory: this.#directory,
        processes: () => this.processes(),
        isPopulated: () => this.#isPopulated(),
        killOnce: () => {
          if (!this.#writeIfThere('cgroup.kill', '1')) this.#killFrozen();
        },
      },
      options,
    );
  }

  /** Also true of processes that this pid namespace has no number for. A group that is gone has none. */
  #isPopulated(): boolean {
    return (readValue(`${this.#directory}/cgroup.events`) ?? '').includes('populated 1');
  }

  #killFrozen(): void {
    this.#writeIfThere('cgroup.freeze', '1');
    try {
      killAsBorn(() => this.processes());
    } finally {
      this.#writeIfThere('cgroup.freeze', '0');
    }
  }

  /** Older kernels lack `cgroup.kill` (before 5.14) and `cgroup.freeze` (before 5.2). */
  #writeIfThere(file: string, value: string): boolean {
    try {
      writeValue(`${this.#directory}/${file}`, value, this.#door);
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      if (file === 'cgroup.kill' && isErrno(error, 'EOPNOTSUPP')) throw onlyThreads(this.#directory, error);
      throw error;
    }
  }

  async delete(options?: WaitOptions): Promise<void> {
    await removeGroup(this.#directory, options);
  }

  /** Ends its processes and removes it; the threads of a threaded group go on in the group above. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (isThreaded(this.#directory)) giveThreadsBack(this.#directory, this.#door);
    else await this.killAll();
    await this.delete();
  }
}
