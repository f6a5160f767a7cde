import type { EventSource, EventStream } from './event-stream.ts';
import type { EventState, GroupEvent } from './events.ts';
import type { FileOperation } from './file-operation.ts';
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

/** A change thought through, not yet made. */
export interface PlannedUpdate {
  /** In this order. Carrying them out can end with an error of its own, where only the kernel's answer tells. */
  operations: Iterable<FileOperation>;
  /** What the version cannot do. */
  leftOut: LeftOut[];
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
   * Changes what the group can use; what is not mentioned stays as it is. All or nothing: when the kernel refuses a part, what
   * was written before is put back, and the error says so.
   * @returns what was left out, which only the mode `'best-effort'` allows
   * @throws SystemError EINVAL for what cannot be meant or the kernel refuses, EOPNOTSUPP for what the version cannot do, ENOENT
   *   when a controller or a file is not there, EBUSY when more memory is in use than would be allowed
   */
  update(resources: Resources, options?: UpdateOptions): LeftOut[];
  /** What {@link Group.update} carries out, to be put together with that of another part of the group. @throws SystemError EINVAL, EOPNOTSUPP */
  planUpdate(resources: Resources, options?: UpdateOptions): PlannedUpdate;
  /** Moves a process, with all its threads, into the group; children it has already stay. @throws SystemError ESRCH when there is no such process; EINVAL for what is no number of one, such as 0 */
  add(pid: number): void;
  /**
   * Moves one thread into the group. On version 2 only a threaded group takes single threads, of a process whose others are
   * in the same threaded tree.
   * @throws SystemError ESRCH when there is no such thread; EOPNOTSUPP when the group takes whole processes only
   */
  addThread(tid: number): void;
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
  /** Its processes and those of the groups below. A threaded group of version 2 has none, but threads. */
  processes(): number[];
  /** Its threads and those of the groups below. */
  threads(): number[];
  /**
   * Stops all its processes, with those of the groups below and those that are born meanwhile, until {@link Group.thaw}. They
   * do not see it as they see SIGSTOP. Resolves when all stand still; given up, they go on.
   * @param options `signal` bounds the wait for a process that cannot stop, such as one that waits for a broken disk
   * @throws SystemError EDEADLK when the caller itself is in the group; EOPNOTSUPP without the controller freezer (version 1) or
   *   before Linux 5.2 (version 2); ENOENT when it is gone
   */
  freeze(options?: WaitOptions): Promise<void>;
  /**
   * Lets them go on. Resolves when they do; groups below that were frozen by themselves stay so.
   * @throws SystemError EBUSY naming the group above that is frozen and keeps this one so; EOPNOTSUPP, ENOENT as {@link Group.freeze}
   */
  thaw(options?: WaitOptions): Promise<void>;
  /**
   * Ends all its processes with SIGKILL, also ones that are being born meanwhile. Resolves when it is empty.
   * @param options `signal` bounds the wait for a process that cannot end, such as one that waits for a broken disk
   * @throws SystemError EDEADLK when the caller itself is in the group, before anything is killed
   */
  killAll(options?: WaitOptions): Promise<void>;
  /**
   * Removes it with the groups below it. While processes are still ending it is tried again, for five seconds.
   * @throws SystemError EBUSY naming the processes that live there
   */
  delete(options?: WaitOptions): Promise<void>;
}
