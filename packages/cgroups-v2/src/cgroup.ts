import {
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
import { isErrno } from '@coracle/errors';
import { type Place, planCreate, planLimits } from './plan.ts';
import { parseStats, statFiles } from './stats.ts';

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
   * Makes a group, or takes over one that is there, and sets its limits. What was made is removed again when a limit fails.
   * @param controllers what to hand down beside the controllers of the limits, for statistics
   * @throws SystemError EINVAL, ENOENT, EACCES, EPERM, EBUSY; see {@link writeValue}
   * @example
   * CgroupV2.create({ parent: '/sys/fs/cgroup', name: 'box' }, { memory: 64n << 20n }, ['pids']);
   */
  static create(place: Place, limits: Limits = {}, controllers: readonly string[] = []): CgroupV2 {
    runOperations(planCreate(place, limits, controllers).create);
    return new CgroupV2(`${place.parent}/${place.name}`);
  }

  /**
   * A group that exists. Nothing is looked up.
   * @param door how its files are reached; a test can take any directory for a group
   * @example
   * CgroupV2.open('/sys/fs/cgroup/box').stats().pids;
   */
  static open(directory: string, door: DoorOptions = {}): CgroupV2 {
    return new CgroupV2(directory, door);
  }

  setLimits(limits: Limits): void {
    runOperations(planLimits(this.#directory, limits), this.#door);
  }

  add(pid: number): void {
    writeValue(`${this.#directory}/cgroup.procs`, String(pid), this.#door);
  }

  stats(): Stats {
    return parseStats(
      this.#directory,
      new Map(statFiles(this.#directory).map((path) => [path, readValue(path) ?? ''])),
    );
  }

  processes(): number[] {
    return listProcesses(this.#directory);
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
      killEach(this.processes());
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
      throw error;
    }
  }

  async delete(): Promise<void> {
    await removeGroup(this.#directory);
  }

  /** Ends its processes and removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAll();
    await this.delete();
  }
}
