import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { run } from '@coracle/container';
import { pidfdOpen, pidfdSendSignal, type RunningAgent, reap, step } from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { startAgent } from '../src/start-agent.ts';

function nurseries(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) =>
      statOf(pid)
        .replace(/ [RSD] /, ' ')
        .startsWith(`${pid} (coracle-nursery) ${process.pid} `),
    )
    .map(Number);
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // It ended between the listing and the look.
    return '';
  }
}

async function userOf(agent: RunningAgent): Promise<number | undefined> {
  const outcome = await agent.channel.run({ steps: [step('geteuid', [], { why: 'learn the user', result: 'user' })] });
  agent.close();
  return outcome.result('user');
}

describe('the processes that make containers', () => {
  test('one nursery is enough for many containers', async () => {
    await run('true');
    await Promise.all(Array.from({ length: 10 }, () => run('true')));
    expect(nurseries()).toHaveLength(1);
  });

  test('a nursery that somebody killed is replaced, and no container is lost', async () => {
    await run('true');
    await run('true');
    const [nursery = 0] = nurseries();
    pidfdSendSignal(pidfdOpen(nursery), 9);
    reap(nursery);
    expect(await run('echo', ['still here'])).toMatchObject({ exitCode: 0, stdout: 'still here\n' });
    expect(nurseries()).not.toContain(nursery);
  });

  needs.test(needs.root)('a container has the priority that its caller has by then', async () => {
    await run('true');
    await run('true');
    const before = getPriority();
    setPriority(before + 3);
    try {
      const { stdout } = await run('sh', ['-c', 'cut -d" " -f19 /proc/self/stat']);
      expect(Number(stdout)).toBe(before + 3);
    } finally {
      setPriority(before);
    }
  });

  needs.test(needs.root)('after a change of user no agent has the rights of before', async () => {
    startAgent({}).close();
    expect(await userOf(startAgent({}))).toBe(0);
    process.seteuid?.(65534);
    try {
      expect(await userOf(startAgent({}))).toBe(65534);
    } finally {
      process.seteuid?.(0);
    }
    expect(await userOf(startAgent({}))).toBe(0);
    expect(nurseries()).toHaveLength(1);
  });
});
