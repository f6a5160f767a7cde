import {
  type DeviceRuleInput,
  type DoorOptions,
  type EventOptions,
  type EventSource,
  type EventState,
  type EventStream,
  type Group,
  type GroupEvent,
  groupEvents,
  killEach,
  killUntilEmpty,
  type LeftOut,
  listProcesses,
  type Mode,
  type Resources,
  readTexts,
  readValue,
  removeGroup,
  runAsFarAs,
  runOperations,
  type Snapshot,
  type StatsSelection,
  type UpdateOptions,
  type WaitOptions,
  writeValue,
} from '@coracle/cgroups-core';
import { planCpusetStart } from './cpuset.ts';
import { planDevices } from './devices.ts';
import { eventSource } from './event-source.ts';
import { directoriesOf, type Place } from './place.ts';
import { planCreate } from './plan.ts';
import { planResources } from './plan-resources.ts';
import { parseStats, statFiles } from './stats.ts';

/** How to make a group. */
export interface CreateOptions {
  devices?: readonly DeviceRuleInput[] | undefined;
  parents?: readonly string[];
  mode?: Mode;
  onLeftOut?: (leftOut: LeftOut[]) => void;
}

/**
 * A group of version 1.
 * @see cgroups(7), "Cgroups version 1"
 * @example
 * await using box = CgroupV1.create({ pids: '/sys/fs/cgroup/pids/box', freezer: '/sys/fs/cgroup/freezer/box' }, { pids: 20 });
 * box.add(4711); // a child's: the end of the scope kills it
 */
export class CgroupV1 implements Group {
  readonly directories: readonly string[];
  readonly #place: Place;
  readonly #door: DoorOptions;

  private constructor(place: Place, door: DoorOptions = {}) {
    this.#place = place;
    this.#door = door;
    this.directories = directoriesOf(place);
  }

  /**
   * Makes a group, or takes over one that is there, and puts its resources in force. What was made is removed again when one
   * of them fails. With a directory for cpuset the group gets the processors and memory nodes of the one above.
   * @param options `devices`: what the processes may do with devices, as the group above if absent; `parents`: directories
   *   above, from the top on, that are made where they are missing; `mode` as for {@link update}, `onLeftOut` gets what it left out
   * @throws SystemError EINVAL, ENOENT, EACCES, EPERM, see {@link writeValue}; EOPNOTSUPP for a resource that version 1 does
   *   not have, and for a rule for devices that it cannot keep
   * @example
   * CgroupV1.create({ pids: '/sys/fs/cgroup/pids/box' }, { pids: 20 });
   */
  static create(place: Place, resources: Resources = {}, options: CreateOptions = {}): CgroupV1 {
    const { devices, parents = [], mode = 'strict', onLeftOut } = options;
    // What cannot be meant or had is refused before anything is made.
    planResources(place, resources, { mode });
    const rules = devices === undefined ? [] : planDevices(devices, place);
    const group = new CgroupV1(place);
    runOperations(
      (function* () {
        yield* planCreate(place, {}, { parents }).create;
        yield* planCpusetStart(place, { parents, read: readValue });
        const leftOut = group.update(resources, { mode });
        onLeftOut?.(leftOut);
        yield* rules;
      })(),
    );
    return group;
  }

  /**
   * A group that exists. Nothing is looked up.
   * @param door how its files are reached; a test can take any directories for a group
   * @example
   * CgroupV1.open({ pids: '/sys/fs/cgroup/pids/box' }).stats(['pids']).pids?.current;
   */
  static open(place: Place, door: DoorOptions = {}): CgroupV1 {
    return new CgroupV1(place, door);
  }

  update(resources: Resources, { mode = 'strict' }: UpdateOptions = {}): LeftOut[] {
    const { operations, leftOut } = planResources(this.#place, resources, { read: readValue, mode });
    return [...leftOut, ...runAsFarAs(operations, mode, this.#door)];
  }

  add(pid: number): void {
    for (const directory of this.directories) writeValue(`${directory}/cgroup.procs`, String(pid), this.#door);
  }

  stats(wanted: StatsSelection = 'all'): Snapshot {
    const atNanoseconds = process.hrtime.bigint();
    const texts = readTexts(statFiles(this.#place, wanted));
    return { atNanoseconds, ...parseStats(this.#place, texts) };
  }

  events(options: EventOptions = {}): EventStream<EventState, GroupEvent> {
    return groupEvents(this.eventSource(options), options);
  }

  eventSource(options: EventOptions = {}): EventSource<EventState> {
    return eventSource(this.#place, options);
  }

  processes(): number[] {
    return [...new Set(this.directories.flatMap(listProcesses))];
  }

  /** Frozen processes have no children: so a fork bomb is stopped first and then killed, again until nothing is left. */
  async killAll(options?: WaitOptions): Promise<void> {
    await killUntilEmpty(
      {
        directory: this.directories[0] ?? '',
        processes: () => this.processes(),
        killOnce: () => this.#killFrozen(),
      },
      options,
    );
  }

  #killFrozen(): void {
    this.#freeze('FROZEN');
    try {
      killEach(this.processes());
    } finally {
      // A frozen process does not even die; and what may not be killed must not stay frozen.
      this.#freeze('THAWED');
    }
  }

  #freeze(state: 'FROZEN' | 'THAWED'): void {
    const directory = this.#place.freezer;
    if (directory !== undefined) writeValue(`${directory}/freezer.state`, state, this.#door);
  }

  async delete(): Promise<void> {
    for (const directory of this.directories) await removeGroup(directory);
  }

  /** Ends its processes and removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAll();
    await this.delete();
  }
}
