import { agentImage, closeFd, libc, reap, type SyscallName, socketPair, syscallNumber } from '@coracle/syscalls';

/** How an agent ended that was sent bytes in place of a program. */
export interface RawEnd {
  /** Its exit status; `undefined` when a signal ended it. */
  status: number | undefined;
  signal: number | undefined;
  /** What it wrote. */
  reply: Uint8Array;
}

const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SHUT_WR = 1;
const SIGKILL = 9;
const PATIENCE_SECONDS = 10;
const [EINTR, EAGAIN] = [-4, -11];

/** Makes a call of this process; a negative errno is an error of the test. */
function call(name: SyscallName, ...args: (number | bigint)[]): number {
  const { arch, syscall } = libc();
  const result = syscall(syscallNumber(name, arch) ?? -1, ...args);
  if (result < 0) throw new Error(`${name}: errno ${-result}`);
  return result;
}

/** Starts an agent, sends it these bytes and the end of the stream, and waits for its end; one that hangs is killed. */
export function feedAgent(bytes: Uint8Array): RawEnd {
  const { addressOf, spawn, syscall, arch } = libc();
  const [ours, theirs] = socketPair();
  const pid = spawn({ path: `/proc/self/fd/${agentImage().fd}`, argv: ['fuzzed'], env: [], fds: [0, 1, 2, theirs] });
  closeFd(theirs);
  if (pid < 0) throw new Error(`posix_spawn: errno ${-pid}`);
  try {
    const patience = BigInt64Array.of(BigInt(PATIENCE_SECONDS), 0n);
    call('setsockopt', ours, SOL_SOCKET, SO_RCVTIMEO, addressOf(new Uint8Array(patience.buffer)), 16);
    // An agent that has refused the beginning is no longer there to take the rest.
    syscall(syscallNumber('sendto', arch) ?? -1, ours, addressOf(bytes), bytes.length, 0x4000, 0, 0);
    call('shutdown', ours, SHUT_WR);
    const reply = receiveAll(ours);
    if (!reply) {
      call('kill', pid, SIGKILL);
      reap(pid);
      throw new Error('the agent neither answered nor ended');
    }
    return { ...waitFor(pid), reply };
  } finally {
    closeFd(ours);
  }
}

/** All up to the end; `undefined` when it does not come. */
function receiveAll(fd: number): Uint8Array | undefined {
  const { addressOf, syscall, arch } = libc();
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = new Uint8Array(4096);
    const got = syscall(syscallNumber('recvfrom', arch) ?? -1, fd, addressOf(chunk), chunk.length, 0, 0, 0);
    // Where there is a limit of time, the kernel does not go on by itself behind a signal: see signal(7).
    if (got === EINTR) continue;
    if (got === EAGAIN) return undefined;
    // It ended with our bytes unread: that resets the connection.
    if (got <= 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, got));
  }
}

function waitFor(pid: number): { status: number | undefined; signal: number | undefined } {
  const word = new Int32Array(1);
  call('wait4', pid, libc().addressOf(new Uint8Array(word.buffer)), 0, 0);
  const value = word[0] ?? 0;
  const signal = value & 0x7f;
  return signal ? { status: undefined, signal } : { status: (value >> 8) & 0xff, signal: undefined };
}
