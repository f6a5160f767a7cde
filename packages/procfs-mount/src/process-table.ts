import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import { type ProcessStat, parseStat } from './process-stat.ts';
import { type ProcessStatus, parseStatus } from './process-status.ts';

/** One process of a container. */
export interface ProcessEntry {
  /** As the container numbers it. */
  pid: number;
  /** As the proc that was read numbers it. */
  hostPid: number;
  /** The parent as the container numbers it; 0 when that lies outside, as for process 1. */
  ppid: number;
  /** Real user and group, as the reader's user namespace numbers them. */
  uid: number;
  gid: number;
  /** One letter, see {@link ProcessStat.state}. */
  state: string;
  /** Name of the program, at most 15 bytes. */
  command: string;
  /** The arguments it was started with; empty for kernel threads and processes that have ended. */
  commandLine: readonly string[];
  /** Clock ticks (100 a second) after boot. */
  startTicks: bigint;
  /** The same moment by the wall clock. */
  startedAt: Date;
  /** Processor time used, in microseconds. */
  cpuUsec: bigint;
  /** Memory in use, in bytes. */
  residentBytes: bigint;
  threads: number;
}

/** Which processes are wanted. With neither of the last two, all that the proc shows; with both, those that fit one. */
export interface ProcessTableOptions {
  /** The mount of proc that is read; `/proc` if absent. */
  proc?: string;
  /** Processes that share this one's pid namespace: a container's own, those added by `exec` included. */
  pidNamespaceOf?: number;
  /** This process and all it descends to, also those in pid namespaces of their own, such as containers in the container. */
  initPid?: number;
}

/** USER_HZ, which is 100 on all architectures Coracle runs on; see sysconf(3), _SC_CLK_TCK. */
const TICKS_PER_SECOND = 100n;

/**
 * The processes of a container, seen from outside, in the order of their host pids.
 *
 * Processes that end meanwhile are left out. Those whose pid namespace the caller may not see (ptrace(2)) are no members.
 * @returns an empty list when the container has ended
 * @throws Node's own error (ENOENT) when there is no proc at `proc`
 * @see proc(5), pid_namespaces(7)
 * @example
 * for (const { pid, commandLine } of readProcessTable({ pidNamespaceOf: initPid })) console.log(pid, commandLine.join(' '));
 */
export function readProcessTable(options: ProcessTableOptions = {}): ProcessEntry[] {
  const { proc = '/proc', pidNamespaceOf, initPid } = options;
  const bootTime = readBootTime(proc);
  const pids = readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .toSorted((one, other) => one - other);
  const members = memberPids(pids, { ...options, proc }).flatMap((pid) => readProcess(`${proc}/${pid}`) ?? []);
  const reference = members.find(({ stat }) => stat.pid === (pidNamespaceOf ?? initPid));
  const level = reference ? reference.status.nsPids.length - 1 : 0;
  const insidePids = new Map(members.map(({ stat, status }) => [stat.pid, status.nsPids[level] ?? stat.pid]));
  return members.map((member) => describe(member, { insidePids, bootTime }));
}

interface Process {
  stat: ProcessStat;
  status: ProcessStatus;
  commandLine: readonly string[];
}

/** @returns `undefined` for a process that has vanished */
function readProcess(directory: string): Process | undefined {
  const [stat, status, commandLine] = ['stat', 'status', 'cmdline'].map((file) => readIfThere(`${directory}/${file}`));
  const [parsedStat, parsedStatus] = [parseStat(stat ?? ''), parseStatus(status ?? '')];
  if (!parsedStat || !parsedStatus || commandLine === undefined) return undefined;
  return { stat: parsedStat, status: parsedStatus, commandLine: splitCommandLine(commandLine) };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // A process may end between any two reads.
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

/** Arguments end in a NUL each; a program that rewrote them may have left none, or many. */
function splitCommandLine(text: string): string[] {
  const trimmed = text.replace(/\0+$/, '');
  return trimmed === '' ? [] : trimmed.split('\0');
}

function memberPids(
  pids: readonly number[],
  { proc, pidNamespaceOf, initPid }: ProcessTableOptions & { proc: string },
): readonly number[] {
  if (pidNamespaceOf === undefined && initPid === undefined) return pids;
  const family = new Set(initPid === undefined ? [] : descendants(pids, { proc, ancestor: initPid }));
  const namespace = pidNamespaceOf === undefined ? undefined : pidNamespace(`${proc}/${pidNamespaceOf}`);
  return pids.filter(
    (pid) => family.has(pid) || (namespace !== undefined && pidNamespace(`${proc}/${pid}`) === namespace),
  );
}

/** @returns `undefined` when the process has ended or the caller may not see it */
function pidNamespace(directory: string): string | undefined {
  try {
    return readlinkSync(`${directory}/ns/pid`);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}

function descendants(pids: readonly number[], { proc, ancestor }: { proc: string; ancestor: number }): number[] {
  const parents = pids.map((pid) => parseStat(readIfThere(`${proc}/${pid}/stat`) ?? '')?.ppid);
  const found = [ancestor];
  for (const parent of found) found.push(...pids.filter((_, index) => parents[index] === parent));
  return found;
}

function describe(
  { stat, status, commandLine }: Process,
  { insidePids, bootTime }: { insidePids: ReadonlyMap<number, number>; bootTime: bigint },
): ProcessEntry {
  const { command, state, startTicks, threads } = stat;
  const { uid, gid, residentBytes } = status;
  return {
    pid: insidePids.get(stat.pid) ?? stat.pid,
    hostPid: stat.pid,
    ppid: insidePids.get(stat.ppid) ?? 0,
    uid,
    gid,
    state,
    command,
    commandLine,
    startTicks,
    startedAt: new Date(Number(bootTime * 1000n + (startTicks * 1000n) / TICKS_PER_SECOND)),
    cpuUsec: (stat.cpuTicks * 1_000_000n) / TICKS_PER_SECOND,
    residentBytes,
    threads,
  };
}

/** When the machine was started, in seconds of the wall clock. */
function readBootTime(proc: string): bigint {
  return BigInt(/^btime (\d+)$/m.exec(readFileSync(`${proc}/stat`, 'utf8'))?.[1] ?? 0);
}
