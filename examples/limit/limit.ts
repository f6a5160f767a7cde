// limit [--pids N] [--memory SIZE] [--cpus N] -- COMMAND [ARG...]: runs a command that, with all it starts, can use no more.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { createManaged, type Resources, type Snapshot } from '@coracle/cgroups';

const FAILED = 125;
const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGQUIT'] as const;

function parse(): { resources: Resources; command: [string, ...string[]] } {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    options: { pids: text, memory: text, cpus: text },
    allowPositionals: true,
  });
  const [command, ...args] = positionals;
  if (command === undefined) throw new Error('usage: limit [--pids N] [--memory SIZE] [--cpus N] -- COMMAND [ARG...]');
  const { pids, memory, cpus } = values;
  const resources = {
    ...(pids !== undefined && { pids: Number(pids) }),
    ...(memory !== undefined && { memory }),
    ...(cpus !== undefined && { cpus: Number(cpus) }),
  };
  return { resources, command: [command, ...args] };
}

async function run(words: [string, ...string[]]): Promise<number> {
  const [command, ...args] = words;
  const child = spawn(command, args, { stdio: 'inherit' });
  for (const name of SIGNALS) {
    // What is typed at a terminal reaches the command as well: it must not come twice.
    const isTyped = process.stdin.isTTY && (name === 'SIGINT' || name === 'SIGQUIT');
    process.on(name, isTyped ? () => {} : () => child.kill(name));
  }
  await once(child, 'exit');
  return child.signalCode ? 128 + constants.signals[child.signalCode] : (child.exitCode ?? FAILED);
}

function summary({ memory, cpu, pids }: Snapshot): string {
  const [mebibytes, seconds] = [
    (bytes = 0n): string => `${(Number(bytes) / 2 ** 20).toFixed(1)} MiB`,
    (nanoseconds = 0n): string => `${(Number(nanoseconds) / 1e9).toFixed(2)} s`,
  ];
  return [
    memory?.peakBytes !== undefined && `peak memory ${mebibytes(memory.peakBytes)}`,
    cpu?.usageNanoseconds !== undefined && `cpu ${seconds(cpu.usageNanoseconds)}`,
    cpu?.throttledPeriods && `throttled ${cpu.throttledPeriods} times for ${seconds(cpu.throttledNanoseconds)}`,
    memory?.oomKills && `${memory.oomKills} killed for want of memory`,
    pids?.limitHits && `${pids.limitHits} times no further process was allowed`,
  ]
    .filter(Boolean)
    .join(', ');
}

try {
  const { resources, command } = parse();
  // What it left running is ended with the scope, and the group removed.
  await using group = await createManaged(`limit-${process.pid}`, resources);
  process.exitCode = await run(group.commandInside(command));
  console.error(`limit: ${summary(group.stats(['memory', 'cpu', 'pids']))}`);
} catch (error) {
  process.exitCode = FAILED;
  console.error(`limit: ${error instanceof Error ? error.message : error}`);
  if (error instanceof Error && 'hint' in error && error.hint) console.error(`limit: ${error.hint}`);
}
