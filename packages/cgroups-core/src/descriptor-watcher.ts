/**
 * What Node has no call for: to be told by the kernel when a descriptor is ready. `@coracle/syscalls` has both functions under
 * these names; without them everything works, and looks at files in intervals where the kernel tells by descriptors alone.
 * @see eventfd(2), poll(2)
 * @example
 * function hearOf(group: Group, descriptors: DescriptorWatcher) {
 *   return group.events({ descriptors });
 * }
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
