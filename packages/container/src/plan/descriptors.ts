/**
 * Numbers of the descriptors in the agent's processes. They are fixed, so that they can stand inside structures and paths.
 */
export const FDS = {
  /** To the caller: the monitor's own, later the init's own. */
  socket: 3,
  /** The init's socket, before it becomes 3. */
  initSocket: 4,
  /** Where the container's terminal and the filter's listener are sent through. */
  handover: 5,
  /** The caller's terminal, kept by the monitor to set it back. */
  terminal: 6,
  /** From here on nothing of the caller is open. */
  firstFree: 7,
  cgroup: 40,
  pidfd: 41,
  /** The container's terminal, the side of the caller. */
  master: 42,
  /** The socket {@link FDS.handover}, while the filter is loaded; then the filter's listener. */
  lateHandover: 43,
  listener: 44,
  /** The cgroup that a device program is attached to, and the program. */
  deviceGroup: 45,
  deviceProgram: 46,
  /** Where a container that was created waits for its start. */
  door: 48,
  /** The way back to whoever starts it, when the program gets 3 for its own. */
  report: 49,
  /** A place that something is being mounted on by path. */
  place: 47,
  /** From here on the places that rules of Landlock are made for, a number each. */
  firstPlace: 100,
  /** From here on what the program is given beside input and output, until it gets the numbers from 3 on. */
  firstPreserved: 512,
} as const;
