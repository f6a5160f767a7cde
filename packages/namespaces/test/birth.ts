import { type CloneInitOptions, cloneInit } from '@coracle/namespaces';
import { Agent, Channel, closeFd, type Step, socketPair } from '@coracle/syscalls';

/** A monitor and the first process it made. */
export interface Birth {
  pid: number;
  agent: Agent;
  init: Channel;
  [Symbol.dispose](): void;
}

/** Makes a process with {@link cloneInit} in a new agent, after the steps given. It ends with the test's block. */
export async function giveBirth(options: CloneInitOptions, before: readonly Step[] = []): Promise<Birth> {
  const [ours, theirs] = socketPair();
  const agent = Agent.spawn({ fds: [theirs] });
  closeFd(theirs);
  const init = new Channel(ours);
  const end = (): void => {
    init.close();
    agent.close();
  };
  try {
    const message = agent.channel.post({ steps: [...before, ...cloneInit(options)] });
    const outcome = await agent.channel.report(message);
    outcome?.throwIfFailed();
    await init.report(message);
    return { pid: outcome?.result('init') ?? 0, agent, init, [Symbol.dispose]: end };
  } catch (error) {
    end();
    throw error;
  }
}
