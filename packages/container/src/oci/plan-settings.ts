import type { Linux, MemoryPolicy, Process, Scheduler } from '@coracle/oci-spec';
import { flags, type Step, step } from '@coracle/syscalls';
import { ioprioSet, personality, SCHED_FLAG, schedSetattr, setMempolicy } from '@coracle/syscalls/settings';
import { cannot } from './config-error.ts';
import type { Normalized } from './normalize.ts';
import { parseNumberList } from './number-list.ts';

/**
 * What else of the kernel holds for the program of a configuration: where and how it is scheduled, whose turn it is at the disk, where
 * its memory lies and what the machine looks like to it. All of it survives execve(2), and children have it too.
 *
 * `process.execCPUAffinity` is none of it: by the specification it is for programs that enter the container later.
 * @throws {ConfigError} for what has no meaning
 */
export function planSettings({ process, linux }: Normalized): Step[] {
  return [
    runAnywhere(),
    ...schedule(process.scheduler),
    ...prioritize(process.ioPriority),
    ...placeMemory(linux.memoryPolicy),
    ...pretend(linux.personality),
  ];
}

/** So many processors as no machine has; the kernel takes those that there are. */
const ALL_PROCESSORS = new Uint8Array(1024).fill(0xff);

/**
 * A daemon that is kept to some processors is not to keep its containers to these: what the cgroup allows is what they have, and
 * since Linux 6.2 a process that once asked for less stays there.
 */
function runAnywhere(): Step {
  return step('sched_setaffinity', [0, ALL_PROCESSORS.length, ALL_PROCESSORS], 'run on all processors of its cgroup');
}

function schedule(scheduler: Scheduler | undefined): Step[] {
  if (!scheduler) return [];
  const { flags: names = [], ...attributes } = scheduler;
  return [schedSetattr({ ...attributes, flags: flags(SCHED_FLAG, ...names) }, `be scheduled by ${scheduler.policy}`)];
}

function prioritize(priority: Process['ioPriority']): Step[] {
  return priority
    ? [ioprioSet({ class: priority.class, priority: priority.priority ?? 0 }, `read and write as ${priority.class}`)]
    : [];
}

function placeMemory(policy: MemoryPolicy | undefined): Step[] {
  if (!policy) return [];
  const nodes = policy.nodes ? parseNumberList(policy.nodes) : [];
  if (!nodes)
    throw cannot({ path: '$.linux.memoryPolicy.nodes', value: policy.nodes }, "a list of nodes such as '0-1,3'");
  return [setMempolicy({ mode: policy.mode, nodes, flags: policy.flags ?? [] }, `take memory by ${policy.mode}`)];
}

function pretend(wanted: Linux['personality']): Step[] {
  if (!wanted) return [];
  if (wanted.flags?.length)
    throw cannot({ path: '$.linux.personality.flags', value: wanted.flags }, 'absent, as no flag has a meaning yet');
  const domain = wanted.domain === 'LINUX32' ? 'PER_LINUX32' : 'PER_LINUX';
  return [personality(domain, `look like a machine of ${wanted.domain}`)];
}
