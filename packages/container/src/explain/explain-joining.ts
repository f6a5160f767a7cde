import { readFileSync } from 'node:fs';

/** The numbers of the policies that need a share of real time; see sched(7). */
const REAL_TIME: Readonly<Record<number, string>> = { 1: 'SCHED_FIFO', 2: 'SCHED_RR' };
/** Of the field `policy` of /proc/PID/stat, counted behind the name of the program, which may have spaces in it. */
const POLICY = 38;

/**
 * Why the kernel takes no process into a cgroup, where that is for what the caller is: a container begins with the policy of
 * scheduling of who starts it.
 * @param stat the text of /proc/self/stat; a parameter for tests
 * @returns `undefined` when the step was refused for another reason
 */
export function explainJoining(
  { why, code }: { why: string; code: string | undefined },
  stat: () => string = () => readFileSync('/proc/self/stat', 'latin1'),
): string | undefined {
  if (code !== 'EINVAL' || !/^(put the container into its|join the) cgroup/.test(why)) return undefined;
  const fields = stat().slice(stat().lastIndexOf(')') + 2);
  const policy = REAL_TIME[Number(fields.split(' ')[POLICY])];
  if (policy === undefined) return undefined;
  return `whoever starts it is scheduled as ${policy}, and so is the container, whose cgroup has no real time: start it with chrt --other 0, or give it some in a config.json (linux.resources.cpu.realtimeRuntime)`;
}
