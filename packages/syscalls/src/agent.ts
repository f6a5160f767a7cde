import { errnoName, SystemError } from '@coracle/errors';
import { Channel } from './channel.ts';
import { closeFd, duplicateFd, reap, socketPair } from './host-calls.ts';
import { type AgentImage, agentImage, fallBackToFile } from './image.ts';
import { libc } from './libc.ts';

/** How an agent is started. */
export interface AgentOptions {
  /** Descriptors of ours that become its 0, 1 and 2; by default our own. */
  stdio?: readonly [number, number, number];
  /** Further descriptors of ours: the first becomes its 4, the next 5 and so on. */
  fds?: readonly number[];
  /** What ps(1) shows. */
  title?: string;
}

/** An agent, wherever it came from. */
export interface RunningAgent {
  readonly channel: Channel;
  /** Where its code was run from. */
  readonly image: AgentImage['kind'];
  /** Ends it, and waits, blocking, for it to be gone. */
  close(): void;
  /** Its last report is read: from here on it ends by itself, which nobody has to wait for. */
  letGo(): void;
  /** What kept it from being there at all, after an early end of its channel. */
  whyGone(): Promise<Error | undefined>;
}

/**
 * A running agent: a process of 1.7 KB that makes the system calls it is sent.
 *
 * It sits in its own session, has its socket as descriptor 3, no environment, no memory of this process, and ends when
 * the socket is closed.
 * @example
 * const agent = Agent.spawn();
 * const outcome = await agent.channel.run({ steps: [step('getpid', [], 'learn the process id')] });
 * agent.close();
 */
export class Agent implements RunningAgent, Disposable {
  readonly pid: number;
  readonly channel: Channel;
  readonly image: AgentImage['kind'];

  private constructor(pid: number, channel: Channel, image: AgentImage['kind']) {
    this.pid = pid;
    this.channel = channel;
    this.image = image;
  }

  /**
   * Starts an agent with posix_spawn(3).
   * @throws SystemError when the process cannot be made: EAGAIN (too many processes), EMFILE (too many descriptors),
   *   EBADF (a descriptor passed is not open), EACCES (neither a memfd nor a file can be executed)
   * @throws UnsupportedPlatformError elsewhere than on Linux with glibc
   */
  static spawn({ stdio = [0, 1, 2], fds = [], title = 'coracle-agent' }: AgentOptions = {}): Agent {
    const [ours, theirs] = socketPair();
    try {
      const { pid, image } = spawnImage([...stdio, theirs, ...fds], title);
      return new Agent(pid, new Channel(ours), image);
    } catch (error) {
      closeFd(ours);
      throw error;
    } finally {
      closeFd(theirs);
    }
  }

  /** Closes the socket, which ends the agent, and waits for its process to be gone. */
  close(): void {
    this.channel.close();
    reap(this.pid);
  }

  letGo(): void {
    // What goes wrong with the channel is no reason not to bury it.
    const bury = (): void => reap(this.pid);
    this.channel.ended().then(bury, bury);
  }

  /** Whatever keeps it from being made is thrown by {@link Agent.spawn}. */
  async whyGone(): Promise<undefined> {}

  [Symbol.dispose](): void {
    this.close();
  }
}

function spawnImage(fds: readonly number[], title: string): { pid: number; image: AgentImage['kind'] } {
  // A descriptor that is a target of an earlier dup2 would be overwritten before its turn.
  const copies = new Map<number, number>();
  const outOfTheWay = (fd: number): number => {
    if (fd >= fds.length) return fd;
    const copy = copies.get(fd) ?? duplicateFd(fd, fds.length);
    copies.set(fd, copy);
    return copy;
  };
  try {
    const sources = fds.map((fd, target) => (fd === target ? fd : outOfTheWay(fd)));
    const start = ({ fd }: AgentImage): number =>
      libc().spawn({ path: `/proc/self/fd/${outOfTheWay(fd)}`, argv: [title], env: [], fds: sources });
    let image = agentImage();
    let pid = start(image);
    // errnoName() takes positive numbers too, and in a PID namespace an agent can be process 13.
    if (pid < 0 && image.kind === 'memfd' && errnoName(pid) === 'EACCES') {
      image = fallBackToFile();
      pid = start(image);
    }
    if (pid < 0)
      throw new SystemError({
        code: errnoName(pid) ?? 'EINVAL',
        syscall: 'posix_spawn',
        step: 'start the agent',
        hint: hintFor(pid),
      });
    return { pid, image: image.kind };
  } finally {
    for (const copy of copies.values()) closeFd(copy);
  }
}

function hintFor(errno: number): string | undefined {
  if (errnoName(errno) === 'EAGAIN')
    return 'the limit on processes is reached: see ulimit -u and the pids limit of the cgroup';
  if (errnoName(errno) === 'EACCES')
    return 'the agent could be stored but not executed: set TMPDIR to a directory that is not mounted noexec';
  if (errnoName(errno) === 'ENOENT') return 'is /proc mounted? The agent is started through /proc/self/fd';
  return undefined;
}
