import { parseKeyed } from '@coracle/cgroups-core';

/**
 * Whether one of a group's files tells that the kernel has ended a process in it for want of memory: `memory.oom_control` of version 1
 * and `memory.events` of version 2 say so by the same word.
 * @param texts of its statistics files, also of those that are about something else
 * @see cgroups(7)
 * @example
 * oomKilled(['4711\n', 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n']); // true
 */
export function oomKilled(texts: readonly string[]): boolean {
  return texts.some((text) => (parseKeyed(text, 'oom_kill') ?? 0n) > 0n);
}
