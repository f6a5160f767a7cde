import { writeFileSync } from 'node:fs';
import { Agent, Channel, CLONE, clone3, close, closeFd, dup3, flags, type Step, socketPair } from '@coracle/syscalls';

/** A monitor and the first process of namespaces it made. */
export interface Birth {
  pid: number;
  init: Channel;
  [Symbol.dispose](): void;
}

type Namespace = 'CLONE_NEWUSER' | 'CLONE_NEWPID' | 'CLONE_NEWNS' | 'CLONE_NEWNET';

/** Makes a process in new namespaces, after the steps given. It ends with the test's block. */
export async function giveBirth(namespaces: readonly Namespace[], before: readonly Step[] = []): Promise<Birth> {
  const [ours, theirs] = socketPair();
  const agent = Agent.spawn({ fds: [theirs] });
  closeFd(theirs);
  const init = new Channel(ours);
  const end = (): void => {
    init.close();
    agent.close();
  };
  try {
    const message = agent.channel.post({
      steps: [
        ...before,
        clone3({ flags: flags(CLONE, ...namespaces) }, { why: 'make a process', result: 'init' }),
        dup3({ from: 4, to: 3, flags: 0x80000 }, { why: 'use its own socket', only: 'child' }),
        close(4, 'keep one socket each'),
      ],
    });
    const outcome = await agent.channel.report(message);
    outcome?.throwIfFailed();
    await init.report(message);
    const pid = outcome?.result('init') ?? 0;
    if (namespaces.includes('CLONE_NEWUSER')) {
      for (const map of ['uid_map', 'gid_map'])
        writeFileSync(`/proc/${pid}/${map}`, '0 100000 65536\n', { flag: 'r+' });
    }
    return { pid, init, [Symbol.dispose]: end };
  } catch (error) {
    end();
    throw error;
  }
}
