import { createReadStream, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { type CapabilitySets, readCapabilities } from '@coracle/capabilities';
import { Agent, closeFd, execve, pipe, type Step } from '@coracle/syscalls';

/** The status a program shows of itself. */
export const SHOW_STATUS: readonly string[] = ['/bin/grep', '-E', '^(Cap|Uid|NoNewPrivs)', '/proc/self/status'];

/** The sets of a process, as the kernel shows them. */
export function setsOf(pid: number): CapabilitySets {
  return readCapabilities(readFileSync(`/proc/${pid}/status`, 'latin1'));
}

/** How a process starts that takes steps. */
export interface Beginning {
  /** Taken at first. */
  steps: readonly Step[];
  /** Done to the process from outside after them. */
  afterwards: (pid: number) => void;
}

/** What a program printed that a new process became after these steps; errors and all. */
export async function outputOf(
  steps: readonly Step[],
  [path = '', ...args]: readonly string[] = SHOW_STATUS,
  beginning?: Beginning,
): Promise<string> {
  const [reader, writer] = pipe();
  try {
    using agent = Agent.spawn({ stdio: [0, writer, writer] });
    closeFd(writer);
    if (beginning) {
      (await agent.channel.run({ steps: beginning.steps })).throwIfFailed();
      beginning.afterwards(agent.pid);
    }
    const program = execve({ path, argv: [path, ...args], env: ['PATH=/usr/bin:/bin', 'LC_ALL=C'] }, `start ${path}`);
    const message = agent.channel.post({ steps: [...steps, program] });
    (await agent.channel.report(message))?.throwIfFailed();
    return await text(createReadStream('', { fd: reader, autoClose: false }));
  } finally {
    closeFd(reader);
  }
}

/** The sets of a program, by default one that shows its own, that a new process became after these steps. */
export async function setsAfterExec(...how: Parameters<typeof outputOf>): Promise<CapabilitySets> {
  return readCapabilities(await outputOf(...how));
}
