import {
  type DeviceRuleInput,
  type DoorOptions,
  type Group,
  killEach,
  killUntilEmpty,
  type Limits,
  listProcesses,
  readValue,
  removeGroup,
  runOperations,
  type Stats,
  type WaitOptions,
  writeValue,
} from '@coracle/cgroups-core';
import { directoriesOf, type Place } from './place.ts';
import { planCreate, planLimits } from './plan.ts';
import { parseStats, statFiles } from './stats.ts';

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
   * Makes a group, or takes over one that is there, and sets its limits. What was made is removed again when a limit fails.
   * @param options `devices`: what the processes may do with devices, as the group above if absent
   * @throws SystemError EINVAL, ENOENT, EACCES, EPERM, see {@link writeValue}; EOPNOTSUPP for a rule for devices that version
   *   1 cannot keep
   * @example
   * CgroupV1.create({ pids: '/sys/fs/cgroup/pids/box' }, { pids: 20 });
   */
  static create(place: Place, limits: Limits = {}, options: { devices?: readonly DeviceRuleInput[] } = {}): CgroupV1 {
    runOperations(planCreate(place, limits, options).create);
    return new CgroupV1(place);
  }

  /**
   * A group that exists. Nothing is looked up.
   * @param door how its files are reached; a test can take any directories for a group
   * @example
   * CgroupV1.open({ pids: '/sys/fs/cgroup/pids/box' }).stats().pids;
   */
  static open(place: Place, door: DoorOptions = {}): CgroupV1 {
    return new CgroupV1(place, door);
  }

  setLimits(limits: Limits): void {
    runOperations(planLimits(this.#place, limits), this.#door);
  }

  add(pid: number): void {
    for (const directory of this.directories) writeValue(`${directory}/cgroup.procs`, String(pid), this.#door);
  }

  stats(): Stats {
    return parseStats(this.#place, new Map(statFiles(this.#place).map((path) => [path, readValue(path) ?? ''])));
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
