import { dirname } from 'node:path';
import type { ReadFile } from './file-operation.ts';
import type { Reason } from './why-refused.ts';

/** Version 2 divides memory and disks among whole processes only; threads can share processors and numbers of processes. */
const THREADED_CONTROLLERS = ['cpu', 'cpuset', 'pids', 'perf_event'];

const wordsOf = (text = ''): string[] => text.split(/\s+/).filter(Boolean);

/** Why a group of version 2 cannot be made threaded. */
export const notThreadable: Reason = ({ directory, file, code, read }) => {
  if (file !== 'cgroup.type' || code !== 'EOPNOTSUPP') return undefined;
  const above = dirname(directory);
  const held = wordsOf(read(`${above}/cgroup.subtree_control`)).filter((one) => !THREADED_CONTROLLERS.includes(one));
  if (held.length > 0) {
    return {
      text: `the group above, ${above}, hands down ${held.join(', ')}, which no thread can have alone`,
      hint: `make it one level further below, or take them back: echo ${held.map((one) => `-${one}`).join(' ')} > ${above}/cgroup.subtree_control`,
    };
  }
  return {
    text: 'the group has processes or groups with processes below, or the group above is no valid domain itself',
    hint: `make a group threaded before anything is in it; see ${above}/cgroup.type`,
  };
};

/** Why a process or a thread cannot be in a group of version 2. */
export const notForProcesses: Reason = ({ directory, file, code, read }) => {
  if (file !== 'cgroup.procs' && file !== 'cgroup.threads') return undefined;
  if (code === 'EBUSY') {
    const handed = wordsOf(read(`${directory}/cgroup.subtree_control`));
    if (handed.length === 0) return undefined;
    return {
      text: `the group hands ${handed.join(', ')} down to groups below, and then has no processes of its own`,
      hint: 'add it to one of the groups below',
    };
  }
  if (code !== 'EOPNOTSUPP') return undefined;
  const type = read(`${directory}/cgroup.type`)?.trim();
  if (type === 'domain invalid') {
    return {
      text: 'the group lies in a threaded tree without being threaded',
      hint: `make it threaded first: create(..., { threaded: true }), or echo threaded > ${directory}/cgroup.type`,
    };
  }
  if (file === 'cgroup.procs') return undefined;
  if (type === 'threaded') {
    return {
      text: 'the process of the thread is not in the threaded tree of this group',
      hint: 'add the whole process first, to the group at the top of that tree',
    };
  }
  return {
    text: 'the group takes whole processes only',
    hint: 'add() the process, or make a threaded group below it: create(..., { threaded: true })',
  };
};

/** The numbers of the policies that need a share of real time; see sched(7). */
const REAL_TIME: Readonly<Record<string, string>> = { 1: 'SCHED_FIFO', 2: 'SCHED_RR' };
/** The field `policy` of /proc/PID/stat, counted behind the name of the program, which may have spaces in it. */
const POLICY = 38;

/** Why a process cannot be in a group of version 1 with the controller cpu, where the kernel divides real time among groups. */
export const noRealTime: Reason = ({ file, value, code, read }) => {
  if (code !== 'EINVAL' || (file !== 'cgroup.procs' && file !== 'tasks')) return undefined;
  const stat = read(`/proc/${value === '0' ? 'self' : value}/stat`) ?? '';
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const policy = REAL_TIME[fields[POLICY] ?? ''];
  if (policy === undefined) return undefined;
  return {
    text: `the process is scheduled as ${policy}, and the group has no real time`,
    hint: 'start it with chrt --other 0, or give the group real time (cpu.realtimeRuntime), of which the groups above must have as much',
  };
};

/**
 * What stands in the way of handing controllers down: the processes that a group of version 2 has itself.
 * @example
 * processesInTheWay('/sys/fs/cgroup/box', readValue).text; // 'processes live in the group itself (4711)'
 */
export function processesInTheWay(directory: string, read: ReadFile): { text: string; hint: string } {
  const pids = wordsOf(read(`${directory}/cgroup.procs`));
  const named = pids.length > 10 ? `${pids.slice(0, 10).join(', ')} and ${pids.length - 10} more` : pids.join(', ');
  return {
    text: `processes live in the group itself (${named})`,
    hint: 'a group of version 2 has either processes or limited children: move them into a child first',
  };
}

/** Why a group of version 2 cannot hand a controller down. */
export const notToHandDown: Reason = ({ directory, file, code, read }) => {
  if (file !== 'cgroup.subtree_control') return undefined;
  if (code === 'EBUSY') return processesInTheWay(directory, read);
  if (code !== 'EOPNOTSUPP') return undefined;
  const type = read(`${directory}/cgroup.type`)?.trim();
  if (type === 'domain invalid') {
    return {
      text: 'the group lies in a threaded tree without being threaded, and hands nothing down',
      hint: `make it elsewhere, or threaded: echo threaded > ${directory}/cgroup.type`,
    };
  }
  return {
    text: `in a threaded tree no group hands down more than ${THREADED_CONTROLLERS.join(', ')}`,
    hint: `make the group elsewhere; ${directory} is such a tree's as long as it has threaded groups below, or hands down while it has processes`,
  };
};

/** Which group above allows no more groups, when the kernel refuses one. */
export function noMoreGroups(path: string, read: ReadFile): { text: string; hint: string } | undefined {
  for (let at = dirname(path); read(`${at}/cgroup.procs`) !== undefined; at = dirname(at)) {
    for (const file of ['cgroup.max.depth', 'cgroup.max.descendants']) {
      const most = read(`${at}/${file}`)?.trim();
      if (most === undefined || most === 'max') continue;
      return {
        text: `there are as many groups below ${at} as may be, or as deep`,
        hint: `remove groups, or allow more: ${at}/${file} says ${most}`,
      };
    }
  }
  return undefined;
}
