import { readFileSync } from 'node:fs';

/**
 * The number of a process as its own pid namespace has it: what a hook is told that runs there.
 * @see proc_pid_status(5) NSpid
 */
export function pidInside(pid: number): number {
  const numbers = /^NSpid:\t(.+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]?.split('\t');
  return Number(numbers?.at(-1) ?? pid);
}
