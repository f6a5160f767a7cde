import { existsSync } from 'node:fs';
import {
  checkPid,
  type DeviceRuleInput,
  type DoorOptions,
  type EventOptions,
  type EventSource,
  type EventState,
  type EventStream,
  type Group,
  type GroupEvent,
  groupEvents,
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
import { SystemError } from '@coracle/errors';
import { planCpusetStart } from './cpuset.ts';
import { planDevices } from './devices.ts';
import { eventSource } from './event-source.ts';
import { freeze, thaw } from './freeze.ts';
import { type Freezer, freezerAt } from './freezer.ts';
import { killOnce } from './kill.ts';
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
    const putBack = group.directories.some(existsSync);
    runOperations(
      (function* () {
        yield* planCreate(place, {}, { parents }).create;
        yield* planCpusetStart(place, { parents, read: readValue });
        const { operations, leftOut } = group.planUpdate(resources, { mode });
        const lacking = runAsFarAs(operations, mode, { putBack });
        onLeftOut?.([...leftOut, ...lacking]);
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

  update(resources: Resources, options: UpdateOptions = {}): LeftOut[] {
    const { operations, leftOut } = this.planUpdate(resources, options);
    return [...leftOut, ...runAsFarAs(operations, options.mode ?? 'strict', this.#door)];
  }

  planUpdate(resources: Resources, { mode = 'strict' }: UpdateOptions = {}): PlannedUpdate {
    return planResources(this.#place, resources, { read: readValue, mode });
  }

  add(pid: number): void {
    checkPid(pid);
    for (const directory of this.directories) writeValue(`${directory}/cgroup.procs`, String(pid), this.#door);
  }

  addThread(tid: number): void {
    checkPid(tid);
    for (const directory of this.directories) writeValue(`${directory}/tasks`, String(tid), this.#door);
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

  threads(): number[] {
    return [...new Set(this.directories.flatMap((directory) => listThreads(directory, 'tasks')))];
  }

  async freeze(options: WaitOptions = {}): Promise<void> {
    const freezer = this.#freezer();
    refuseCallerInside(freezer.directory, { processes: this.processes(), syscall: 'freeze' });
    await freeze(freezer, options);
  }

  async thaw(options: WaitOptions = {}): Promise<void> {
    await thaw(this.#freezer(), options);
  }

  #freezer(): Freezer {
    const { freezer } = this.#place;
    if (freezer !== undefined) return freezerAt(freezer, this.#door);
    throw new SystemError({
      code: 'EOPNOTSUPP',
      syscall: 'freeze',
      path: this.directories[0],
      text: 'the group does not lie in the hierarchy of the controller freezer, which alone can stop it on version 1',
      hint: 'make it there too: give its place a directory for freezer; or stop each process with SIGSTOP',
    });
  }

  /** Stops a fork bomb before it is killed, wherever version 1 can; again until nothing is left. */
  async killAll(options?: WaitOptions): Promise<void> {
    const victims = { place: this.#place, processes: () => this.processes(), door: this.#door };
    await killUntilEmpty(
      { directory: this.directories[0] ?? '', processes: victims.processes, killOnce: () => killOnce(victims) },
      options,
    );
  }

  async delete(options?: WaitOptions): Promise<void> {
    for (const directory of this.directories) await removeGroup(directory, options);
  }

  /** Ends its processes and removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAll();
    await this.delete();
  }
}
