import type { EventSource, EventStream } from './event-stream.ts';
import type { EventState, GroupEvent } from './events.ts';
import type { EventOptions } from './group-events.ts';
import type { Resources } from './resources.ts';
import type { LeftOut, Mode } from './sift.ts';
import type { Snapshot, StatsSelection } from './stats.ts';

/**
 * How long to wait.
 * @example
 * const options: WaitOptions = { signal: AbortSignal.timeout(5000) };
 */
export interface WaitOptions {
  /** Ends the waiting, with its own reason as the error. Without it the wait is as long as it takes. */
  signal?: AbortSignal;
}

/**
 * How to change resources.
 * @example
 * const options: UpdateOptions = { mode: 'best-effort' };
 */
export interface UpdateOptions {
  /** `'best-effort'` leaves out what the version or the kernel cannot do; otherwise that is an error. */
  mode?: Mode;
}

/**
 * A living group of processes; both versions have the same.
 * @example
 * async function measure(group: Group, pid: number): Promise<bigint | undefined> {
 *   group.add(pid);
 *   await group.killAll();
 *   return group.stats(['cpu']).cpu?.usageNanoseconds;
 * }
 */
export interface Group extends AsyncDisposable {
  /** Directories that are this group's: one on version 2, one for each hierarchy on version 1. */
  readonly directories: readonly string[];
  /**
   * Changes what the group can use; what is not mentioned stays as it is.
   * @returns what was left out, which only the mode `'best-effort'` allows
   * @throws SystemError EINVAL for what cannot be meant or the kernel refuses, EOPNOTSUPP for what the version cannot do, ENOENT
   *   when a controller or a file is not there, EBUSY when more memory is in use than would be allowed
   */
  update(resources: Resources, options?: UpdateOptions): LeftOut[];
  /** Moves a process, with all its threads, into the group; children it has already stay. @throws SystemError ESRCH when there is no such process */
  add(pid: number): void;
  /**
   * What it and the groups below have used so far. A group that is gone has no part of it.
   * @param wanted only the files of these numbers are read; what else stands in them comes along. Everything if absent
   * @throws SystemError EACCES
   */
  stats(wanted?: StatsSelection): Snapshot;
  /**
   * What happens to it from now on, until it is removed. Hold on to the iterator: it watches until it is ended.
   * @throws SystemError ENOENT when it is gone; EMFILE, ENOSPC when the user watches too much already
   */
  events(options?: EventOptions): EventStream<EventState, GroupEvent>;
  /** What {@link Group.events} watches, to be put together with that of another part of the group. */
  eventSource(options?: EventOptions): EventSource<EventState>;
  /** Its processes and those of the groups below. */
  processes(): number[];
  /**
   * Ends all its processes with SIGKILL, also ones that are being born meanwhile. Resolves when it is empty.
   * @param options `signal` bounds the wait for a process that cannot end, such as one that waits for a broken disk
   * @throws SystemError EDEADLK when the caller itself is in the group, before anything is killed
   */
  killAll(options?: WaitOptions): Promise<void>;
  /** Removes it with the groups below it. @throws SystemError EBUSY when processes live there */
  delete(): Promise<void>;
}
