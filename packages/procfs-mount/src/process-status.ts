/** What /proc/PID/status tells, as far as it is used here. */
export interface ProcessStatus {
  /** Real user and group, as the user namespace of the reader numbers them. */
  uid: number;
  gid: number;
  /** The pid in each pid namespace, from that of the proc mount down to the process's own. */
  nsPids: readonly number[];
  /** Memory in use, in bytes; 0 for kernel threads and for processes that have ended. */
  residentBytes: bigint;
}

/**
 * Reads the text of /proc/PID/status.
 * @returns `undefined` for text without the lines looked for (`NSpid` exists since Linux 4.1)
 * @see proc_pid_status(5)
 * @example
 * parseStatus(readFileSync('/proc/self/status', 'utf8'))?.uid; // 1000
 */
export function parseStatus(text: string): ProcessStatus | undefined {
  const uid = firstNumber(text, 'Uid');
  const gid = firstNumber(text, 'Gid');
  const nsPids = field(text, 'NSpid')?.split(/\s+/).map(Number);
  if (uid === undefined || gid === undefined || nsPids === undefined || nsPids.some(Number.isNaN)) return undefined;
  return { uid, gid, nsPids, residentBytes: BigInt(firstNumber(text, 'VmRSS') ?? 0) * 1024n };
}

/** The value of a line. The name of the program, in which line breaks are escaped, cannot pass for one. */
function field(text: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(\\S.*)$`, 'm').exec(text)?.[1]?.trim();
}

function firstNumber(text: string, name: string): number | undefined {
  const value = /^\d+/.exec(field(text, name) ?? '')?.[0];
  return value === undefined ? undefined : Number(value);
}
