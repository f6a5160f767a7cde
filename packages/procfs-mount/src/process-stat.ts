/** What /proc/PID/stat tells, as far as it is used here. */
export interface ProcessStat {
  pid: number;
  /** The name of the program, at most 15 bytes; may hold any character. */
  command: string;
  /** One letter: `R` running, `S` sleeping, `D` waiting for a device, `T` stopped, `t` traced, `Z` ended and not waited for, `I` idle. */
  state: string;
  ppid: number;
  /** Processor time used, user and system, in clock ticks (100 a second). */
  cpuTicks: bigint;
  threads: number;
  /** When it started, in clock ticks after boot: with the pid it names the process for good. */
  startTicks: bigint;
}

/** Fields behind the command, counted from 0 for the state; proc_pid_stat(5) counts that one as 3. */
const FIELD = { state: 0, ppid: 1, utime: 11, stime: 12, threads: 17, startTime: 19 } as const;

/**
 * Reads the text of /proc/PID/stat. The command may hold spaces, parentheses and line breaks: it ends at the last `)`.
 * @returns `undefined` for text that is no such line, as when a read was cut off
 * @see proc_pid_stat(5)
 * @example
 * parseStat(readFileSync('/proc/self/stat', 'latin1'))?.command; // 'node'
 */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf(' (');
  const end = text.lastIndexOf(') ');
  const pid = text.slice(0, open);
  const fields = text
    .slice(end + 2)
    .trim()
    .split(' ');
  const number = (field: number): bigint => BigInt(fields[field] ?? 0);
  if (open < 1 || end < open || !/^\d+$/.test(pid) || fields.length <= FIELD.startTime) return undefined;
  if (!fields.slice(FIELD.ppid, FIELD.startTime + 1).every((field) => /^-?\d+$/.test(field))) return undefined;
  return {
    pid: Number(pid),
    command: text.slice(open + 2, end),
    state: fields[FIELD.state] ?? '',
    ppid: Number(number(FIELD.ppid)),
    cpuTicks: number(FIELD.utime) + number(FIELD.stime),
    threads: Number(number(FIELD.threads)),
    startTicks: number(FIELD.startTime),
  };
}
