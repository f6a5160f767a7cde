/**
 * What Node has no call for: to be told by the kernel when a descriptor is ready. `@coracle/syscalls` has both functions under
 * these names; without them everything works, and looks at files in intervals where the kernel tells by descriptors alone.
 * @see eventfd(2), poll(2)
 * @example
 * const options: EventOptions = { descriptors: { eventfd, onReady } };
 * declare const eventfd: DescriptorWatcher['eventfd'];
 * declare const onReady: DescriptorWatcher['onReady'];
 */
export interface DescriptorWatcher {
  /** A new eventfd, close-on-exec, whose reading does not wait. */
  eventfd(): number;
  /**
   * Calls back whenever the descriptor can be read, or has what poll(2) calls an exceptional condition (`POLLPRI`), and when
   * it has failed; returns what ends this, to be called before the descriptor is closed.
   */
  onReady(fd: number, what: 'readable' | 'priority', callback: () => void): () => void;
}
