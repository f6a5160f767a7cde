/** Starts an agent and prints, as JSON, what its code ran from and what it knows. Run by memfd.root.test.ts. */
import { readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Agent, step } from '@coracle/syscalls';

try {
  using agent = Agent.spawn();
  const outcome = await agent.channel.run({
    steps: [step('getpid', [], { why: 'learn the process id', result: 'pid' })],
  });
  console.log(
    JSON.stringify({
      image: agent.image,
      knowsItself: outcome.result('pid') === agent.pid,
      exe: readlinkSync(`/proc/${agent.pid}/exe`),
      left: readdirSync(tmpdir()).filter((name) => name.startsWith('coracle-agent-')),
    }),
  );
} catch (error) {
  console.log(JSON.stringify({ ...(error as object), message: String(error) }));
}
