import { constants, openSync } from 'node:fs';
import { errnoName, SystemError } from '@coracle/errors';
import { P, SIGKILL, WAIT } from './constants.ts';
import { call, closeFd, duplicateFd, pidfdOpen, pidfdSendSignal, receiveSome, socketPair } from './host-calls.ts';
import { libc } from './libc.ts';
import { readableWithin } from './readable-within.ts';
import { type ProcessEnd, readSiginfo, SIGINFO_LENGTH } from './structs.ts';

/** More of what a program says is not kept. */
const LONGEST_OUTPUT = 8192;

/** What came of a program that was run. */
export interface ProgramEnd {
  /** `undefined` when it took too long and was killed. */
  end: ProcessEnd | undefined;
  /** What it has written on its output and error output, the first 8 KiB of it. */
  output: string;
}

/**
 * Runs a short program of the host to its end, with nothing to read. Node's own child_process forks this whole process for that,
 * which takes five times as long, and is itself loaded first.
 * @param path absolute
 * @param timeoutMs after so many milliseconds it is killed
 * @throws SystemError ENOENT, EACCES and the like when it cannot be executed, EAGAIN when there are too many processes
 * @see posix_spawn(3)
 * @example
 * const { end, output } = await runProgram('/usr/bin/newuidmap', ['4711', '0', '1000', '1'], { timeoutMs: 20_000 });
 */
export async function runProgram(
  path: string,
  args: readonly string[],
  { timeoutMs }: { timeoutMs: number },
): Promise<ProgramEnd> {
  const [ours, theirs] = socketPair();
  const nothing = openSync('/dev/null', constants.O_RDONLY);
  let pidfd: number | undefined;
  try {
    const pid = spawn(path, args, [nothing, theirs, theirs]);
    pidfd = pidfdOpen(pid);
    const isInTime = await readableWithin(pidfd, timeoutMs);
    if (!isInTime) pidfdSendSignal(pidfd, SIGKILL);
    const end = wait(pid);
    return { end: isInTime ? end : undefined, output: received(ours) };
  } finally {
    for (const fd of [ours, theirs, nothing, pidfd]) if (fd !== undefined) closeFd(fd);
  }
}

function spawn(path: string, args: readonly string[], stdio: readonly number[]): number {
  const fds = stdio.map((fd) => duplicateFd(fd, stdio.length)); // so that none comes to lie on another
  try {
    const env = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
    const pid = libc().spawn({ path, argv: [path, ...args], env, fds });
    if (pid < 0) throw new SystemError({ code: errnoName(pid) ?? 'EINVAL', syscall: 'posix_spawn', path });
    return pid;
  } finally {
    for (const fd of fds) closeFd(fd);
  }
}

/** By its number, which is its own until then: a descriptor that was watched does not wait. */
function wait(pid: number): ProcessEnd {
  const siginfo = new Uint8Array(SIGINFO_LENGTH);
  call('waitid', [P.P_PID, pid, libc().addressOf(siginfo), WAIT.WEXITED, 0], { detail: 'a program that was run' });
  return readSiginfo(siginfo);
}

function received(socket: number): string {
  const bytes = new Uint8Array(LONGEST_OUTPUT);
  let filled = 0;
  for (let got = 1; got > 0 && filled < bytes.length; filled += got)
    got = receiveSome(socket, bytes.subarray(filled)) ?? 0;
  return Buffer.from(bytes.subarray(0, filled)).toString();
}
