import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ErrnoName } from '@coracle/errors';
import type { ReadFile } from './file-operation.ts';
import { partOfTime } from './part-of-time.ts';
import { hugePageSizes } from './stats-files.ts';
import { noRealTime, notForProcesses, notThreadable, notToHandDown } from './why-no-place.ts';

/** What is said of an error beside its errno. */
interface Refusal {
  text: string;
  hint: string;
}

/** A value that the kernel did not take. */
interface Refused {
  directory: string;
  file: string;
  value: string;
  code: ErrnoName;
  read: ReadFile;
}

/**
 * Why the kernel refused a value, as far as the files of the group tell afterwards: it answers EINVAL for many things.
 * @returns `undefined` where nothing is known beyond the errno
 */
export function whyRefused(refused: Refused): Refusal | undefined {
  for (const reason of REASONS) {
    const refusal = reason(refused);
    if (refusal) return refusal;
  }
  return undefined;
}

/** One of the things the kernel may have against a value. */
export type Reason = (refused: Refused) => Refusal | undefined;

const noDisk: Reason = ({ file, value, code }) => {
  const [device] = /^\d+:\d+/.exec(value) ?? [];
  if (device === undefined || !(file.startsWith('io.') || file.startsWith('blkio.'))) return undefined;
  if (code === 'EOPNOTSUPP') {
    return {
      text: `the scheduler of disk ${device} knows no weights`,
      hint: `choose another one, such as bfq: see /sys/dev/block/${device}/queue/scheduler`,
    };
  }
  if (code !== 'ENODEV' && code !== 'ENXIO' && code !== 'EINVAL') return undefined;
  const isPart = existsSync(`/sys/dev/block/${device}/partition`);
  if (!isPart && existsSync(`/sys/dev/block/${device}`)) return undefined;
  return {
    text: isPart ? `${device} is a partition, not a disk` : `there is no disk ${device}`,
    hint: 'write the numbers of a whole disk: lsblk shows them',
  };
};

const swapBelowMemory: Reason = ({ directory, file, code, read }) => {
  if (code !== 'EINVAL' || !/^memory\.(memsw\.)?limit_in_bytes$/.test(file)) return undefined;
  const isTotal = file.includes('memsw');
  const other = read(`${directory}/memory.${isTotal ? '' : 'memsw.'}limit_in_bytes`)?.trim();
  if (other === undefined) return undefined;
  return isTotal
    ? {
        text: `it is less than the limit on memory alone, ${other}`,
        hint: 'lower memory.max too, or leave more to both together',
      }
    : {
        text: `it is more than the limit on memory and swap together, ${other}`,
        hint: 'raise memory.maxWithSwap too',
      };
};

/** Version 1 answers EACCES for what the group above lacks, EINVAL or ERANGE for what the machine lacks. */
const notAbove: Reason = ({ directory, file, code, read }) => {
  if (file !== 'cpuset.cpus' && file !== 'cpuset.mems') return undefined;
  const what = file === 'cpuset.cpus' ? 'processors' : 'memory nodes';
  if (code === 'EBUSY') {
    return { text: `the groups below use ${what} beyond these`, hint: 'change the groups below first' };
  }
  if (code !== 'EACCES' && code !== 'EINVAL' && code !== 'ERANGE') return undefined;
  const above = (read(`${dirname(directory)}/${file}.effective`) ?? read(`${dirname(directory)}/${file}`))?.trim();
  if (!above) return undefined;
  return { text: `the group above has only the ${what} ${above}`, hint: `write a list within ${above}` };
};

const idle: Reason = ({ directory, file, code, read }) => {
  if (code !== 'EINVAL' || !['cpu.shares', 'cpu.weight'].includes(file)) return undefined;
  if (read(`${directory}/cpu.idle`)?.trim() !== '1') return undefined;
  return { text: 'an idle group has no weight of its own', hint: 'end that first: cpu.idle: false' };
};

const burst: Reason = ({ directory, file, value, code, read }) => {
  if (code !== 'EINVAL') return undefined;
  if (file === 'cpu.cfs_burst_us' || file === 'cpu.max.burst') return moreThanQuota({ directory, value, read });
  if (file !== 'cpu.cfs_quota_us' && file !== 'cpu.max') return undefined;
  const saved = (read(`${directory}/cpu.cfs_burst_us`) ?? read(`${directory}/cpu.max.burst`))?.trim();
  const [quota] = value.split(' ');
  if (saved === undefined || !(Number(quota) < Number(saved))) return undefined;
  return {
    text: `it is less than what may be saved up of it, ${saved} microseconds`,
    hint: 'lower cpu.burstUsec too',
  };
};

function moreThanQuota({ directory, value, read }: Pick<Refused, 'directory' | 'value' | 'read'>): Refusal | undefined {
  const [quota] = (read(`${directory}/cpu.cfs_quota_us`) ?? read(`${directory}/cpu.max`) ?? '').trim().split(' ');
  if (!(Number(value) > Number(quota))) return undefined;
  return {
    text: `it is more than the quota, ${quota} microseconds, of which it is saved up`,
    hint: 'raise cpu.quotaUsec too, or save up less',
  };
}

const tooManyProcesses: Reason = ({ file, value, code }) => {
  // What a machine of 64 bits can have at most, one more than the highest number of a process.
  if (code !== 'EINVAL' || file !== 'pids.max' || !(Number(value) > MOST_PROCESSES)) return undefined;
  return { text: `no machine can have more than ${MOST_PROCESSES}`, hint: "write 'max' for no limit" };
};

const MOST_PROCESSES = 4_194_304;

const inRealTime: Reason = ({ file, code }) => {
  if (code !== 'EBUSY' || file !== 'cpu.rt_runtime_us') return undefined;
  return {
    text: 'real-time processes run in it, which would never run again',
    hint: 'end them, or make them ordinary ones first: chrt -o -p 0 PID',
  };
};

const notCounted: Reason = ({ directory, file, value, code, read }) => {
  if (code !== 'EINVAL' && code !== 'ENODEV') return undefined;
  const [name] = value.split(' ');
  if (file === 'misc.max') {
    const capacities = read(`${topOf(directory)}/misc.capacity`);
    // What stands at the top of a namespace is none of the top's files.
    const hint = 'the top of the whole tree, which is not shown here, lists what there is in misc.capacity';
    return {
      text: `this machine does not count ${name}`,
      hint: capacities === undefined ? hint : `there is: ${namesIn(capacities)}`,
    };
  }
  if (file !== 'rdma.max') return undefined;
  return {
    text: `there is no RDMA device ${name}, or it has no such limit`,
    hint: `there is: ${list('/sys/class/infiniband')}`,
  };
};

const noInterface: Reason = ({ file, value, code }) => {
  if (file !== 'net_prio.ifpriomap' || code !== 'ENODEV') return undefined;
  return {
    text: `there is no interface ${value.split(' ')[0]} in this network namespace`,
    hint: `there is: ${list('/sys/class/net')}`,
  };
};

const gone: Reason = ({ file, value, code }) => {
  if (code !== 'ESRCH' || !/^(cgroup\.(procs|threads)|tasks)$/.test(file)) return undefined;
  return {
    text: `there is no process ${value}`,
    hint: 'it has ended already, or has that number in another pid namespace',
  };
};

const REASONS: readonly Reason[] = [
  gone,
  noDisk,
  swapBelowMemory,
  notAbove,
  idle,
  burst,
  tooManyProcesses,
  partOfTime,
  inRealTime,
  noRealTime,
  notCounted,
  noInterface,
  notThreadable,
  notToHandDown,
  notForProcesses,
];

/** Only the top of the tree has the capacities. */
function topOf(directory: string): string {
  let at = directory;
  while (existsSync(`${dirname(at)}/cgroup.procs`)) at = dirname(at);
  return at;
}

function namesIn(text: string): string {
  const names = text.split('\n').flatMap((line) => line.split(' ')[0] || []);
  return names.join(', ') || 'nothing';
}

function list(directory: string): string {
  return existsSync(directory) ? readdirSync(directory).sort().join(', ') || 'nothing' : 'nothing';
}

/** What a kernel needs for a file that not every kernel has, by the beginning of the file's name. */
const NEEDS: readonly [file: string, needs: string][] = [
  ['io.latency', 'the kernel needs CONFIG_BLK_CGROUP_IOLATENCY'],
  ['io.weight', 'the kernel needs CONFIG_BLK_CGROUP_IOCOST, or a disk with the scheduler bfq'],
  ['io.bfq.weight', 'the kernel needs CONFIG_BFQ_GROUP_IOSCHED'],
  ['blkio.bfq.weight', 'the kernel needs CONFIG_BFQ_GROUP_IOSCHED'],
  ['blkio.leaf_weight', 'only the scheduler CFQ had it, which is gone since Linux 5.0: use io.weight'],
  ['cpu.uclamp', 'the kernel needs CONFIG_UCLAMP_TASK_GROUP'],
  ['cpu.rt_', 'the kernel needs CONFIG_RT_GROUP_SCHED'],
  ['cpu.idle', 'the kernel needs to be Linux 5.15 or newer'],
  ['cpu.max.burst', 'the kernel needs to be Linux 5.14 or newer'],
  ['cpu.cfs_burst_us', 'the kernel needs to be Linux 5.14 or newer'],
  ['memory.swap.max', 'the kernel needs CONFIG_SWAP, and to be booted without swapaccount=0'],
  ['memory.memsw.', 'the kernel needs CONFIG_SWAP, and to be booted with swapaccount=1'],
  ['memory.zswap.writeback', 'the kernel needs CONFIG_ZSWAP, and to be Linux 6.8 or newer'],
  ['memory.zswap.max', 'the kernel needs CONFIG_ZSWAP, and to be Linux 5.19 or newer'],
  ['memory.kmem.', 'the kernel gave it up; memory.max counts its memory too'],
];

/** For a file that is not there although its controller is: what it takes. */
export function lackingFile(directory: string, file: string): Refusal | undefined {
  const controller = `${file.split('.')[0]}.`;
  // The kernel keeps pressure and cpu.stat for every group of version 2, whichever controllers it has.
  const hasController = readdirSync(directory).some(
    (name) => name.startsWith(controller) && !name.endsWith('.pressure') && !name.startsWith('cpu.stat'),
  );
  if (!hasController) return undefined;
  const text = `this kernel has no ${file}`;
  if (controller === 'hugetlb.') {
    return { text, hint: `the machine has pages of: ${hugePageSizes().join(', ') || 'no size'}` };
  }
  return { text, hint: NEEDS.find(([start]) => file.startsWith(start))?.[1] ?? `see ls ${directory}` };
}
