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
  } catch {
    // It was killed, or there are too many descriptors on their way to it. What is wrong with the options is said again below.
    nursery?.process.close();
    nursery = undefined;
    return Agent.spawn(options);
  }
}

/** A nursery with the rights and the priority that this process has now: one from before a change would keep the old ones. */
function openNursery(): Nursery {
  const { getPriority } = process.getBuiltinModule('node:os');
  const owner = [process.geteuid?.(), process.getegid?.(), getPriority(), ...(process.getgroups?.() ?? [])].join();
  if (nursery?.owner !== owner) {
    nursery?.process.close();
    nursery = { process: Nursery.open(), owner };
  }
  return nursery.process;
}
