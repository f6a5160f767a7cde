import { getPriority } from 'node:os';
import { isErrno } from '@coracle/errors';
import { Agent, type AgentOptions, Nursery, type RunningAgent } from '@coracle/syscalls';

let isFirst = true;
let nursery: { process: Nursery; owner: string } | undefined;

/**
 * An agent for a container or for a program in one. A process that needs one gets it by posix_spawn(3); the second comes out
 * of a nursery, and so do all after it, in a fraction of the time.
 * @throws SystemError as Agent.spawn
 */
export function startAgent(options: AgentOptions): RunningAgent {
  if (isFirst) {
    isFirst = false;
    return Agent.spawn(options);
  }
  try {
    return openNursery().bear(options);
  } catch (error) {
    nursery?.process.close();
    nursery = undefined;
    if (!isErrno(error, 'EPIPE')) throw error;
    return openNursery().bear(options); // somebody had ended it
  }
}

/** A nursery with the rights and the priority that this process has now: one from before a change would keep the old ones. */
function openNursery(): Nursery {
  const owner = [process.geteuid?.(), process.getegid?.(), getPriority(), ...(process.getgroups?.() ?? [])].join();
  if (nursery?.owner !== owner) {
    nursery?.process.close();
    nursery = { process: Nursery.open(), owner };
  }
  return nursery.process;
}
