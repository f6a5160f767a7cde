import { readFileSync } from 'node:fs';
import { isErrno } from '@coracle/errors';

/** What tells a process from every other, also from a later one of the same number. */
export interface ProcessIdentity {
  pid: number;
  /** In clock ticks since boot: proc_pid_stat(5), field 22. A text, for it is of 64 bits. */
  startTime: string;
  /** The boot that `startTime` belongs to. */
  bootId: string;
}

/**
 * The identity of a process.
 * @returns `undefined` when there is none of this number, or it has ended and only waits to be buried
 * @example
 * const self = identityOf(process.pid);
 */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: bootId() };
}

/**
 * Whether a process lives.
 * @example
 * if (identity && isProcessAlive(identity)) console.log(`process ${identity.pid} runs`);
 */
export function isProcessAlive({ pid, startTime, bootId: boot }: ProcessIdentity): boolean {
  return startTimeOf(pid) === startTime && bootId() === boot;
}

function startTimeOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
  // The second field, the name, may hold anything.
  const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return 'ZXx'.includes(state) ? undefined : fields[18];
}

let boot: string | undefined;

/** What the kernel calls the time since it was started. */
export function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return boot;
}
