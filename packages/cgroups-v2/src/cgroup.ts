import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Group,
  type Limits,
  listProcesses,
  readValue,
  removeGroup,
  runOperations,
  type Stats,
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

  private constructor(directory: string) {
    this.#directory = directory;
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
   * @example
   * CgroupV2.open('/sys/fs/cgroup/box').stats().pids;
   */
  static open(directory: string): CgroupV2 {
    return new CgroupV2(directory);
  }

  setLimits(limits: Limits): void {
    runOperations(planLimits(this.#directory, limits));
  }

  add(pid: number): void {
    writeValue(`${this.#directory}/cgroup.procs`, String(pid));
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
  async killAll(): Promise<void> {
    if (readValue(`${this.#directory}/cgroup.events`) === undefined) return;
    while (this.#isPopulated()) {
      if (!this.#killAtOnce()) this.#killEach();
      await sleep(2);
    }
  }

  #isPopulated(): boolean {
    return (readValue(`${this.#directory}/cgroup.events`) ?? '').includes('populated 1');
  }

  #killAtOnce(): boolean {
    try {
      writeValue(`${this.#directory}/cgroup.kill`, '1');
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }

  #killEach(): void {
    writeValue(`${this.#directory}/cgroup.freeze`, '1');
    for (const pid of this.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        // It ended by itself.
        if (!isErrno(error, 'ESRCH')) throw error;
      }
    }
    writeValue(`${this.#directory}/cgroup.freeze`, '0');
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
