/** Starts an agent as the process of a given number and prints, as JSON, what came of it. Run by agent-pid.root.test.ts. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, step } from '@coracle/syscalls';

const [wanted] = process.argv.slice(2);
Agent.spawn().close(); // the first one loads and makes what the next finds, threads too
writeFileSync('/proc/sys/kernel/ns_last_pid', String(Number(wanted) - 1));
using agent = Agent.spawn();
await agent.channel.run({ steps: [step('getpid', [], 'let its command line be there')] });
const agents = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && commandOf(name) === 'coracle-agent\0');
console.log(JSON.stringify({ pid: agent.pid, image: agent.image, agents: agents.map(Number) }));

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return ''; // It ended between the listing and the look.
  }
}
