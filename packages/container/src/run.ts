import { Container, type LifeOptions } from './container.ts';
import type { ContainerOptions } from './options/options.ts';
import type { RunResult } from './result.ts';
import type { Output, StdioOption } from './stdio.ts';

/** Options of {@link run}. */
export interface RunOptions
  extends Omit<ContainerOptions, 'command' | 'terminal'>,
    Omit<LifeOptions, 'callerTerminal'> {
  /** What the program reads; then its input ends. */
  input?: string | Uint8Array;
  /** The most bytes kept of each output; a container that writes more is ended. 64 MiB if absent. */
  maxOutput?: number;
}

/** A program running in a container, and the promise of its result. */
export interface Running extends Promise<RunResult> {
  /** Resolves when it has started; rejects when it cannot. */
  readonly container: Promise<Container>;
  /** Sends a signal, SIGKILL if none is named; says whether there was anybody to receive it. */
  kill(signal?: string | number): Promise<boolean>;
}

const MAX_OUTPUT = 64 * 1024 * 1024;

/**
 * Runs a program in a container of its own and resolves with how it ended and what it wrote.
 *
 * A failing program is a result; only failing machinery rejects. Aborting the signal ends the container and rejects with
 * the signal's reason once nothing of it is left.
 * @param command a name is looked for in PATH inside the container
 * @throws {OptionError} for options that cannot be meant; {@link ProgramError} when the program cannot be started;
 *   SystemError for what the system refused
 * @example
 * const { exitCode, stdout } = await run('echo', ['hello'], { limits: { memory: '64m', pids: 20 } });
 */
export function run(
  command: string | readonly string[],
  args: readonly string[] | RunOptions = [],
  options: RunOptions = {},
): Running {
  const isList = typeof command !== 'string';
  const words = isList ? command : [command, ...(Array.isArray(args) ? (args as readonly string[]) : [])];
  const chosen = Array.isArray(args) ? options : (args as RunOptions);
  const container = Container.run({ ...chosen, ...stdioFor(chosen), command: words });
  const result = collect(container, chosen);
  return Object.assign(result, { container, kill: async (signal?: string | number) => (await container).kill(signal) });
}

/** What the program of a container that is run is connected to. */
export function stdioFor({ input, stdin, stdout, stderr }: Pick<RunOptions, 'input' | 'stdin' | 'stdout' | 'stderr'>): {
  stdin: StdioOption;
  stdout: StdioOption;
  stderr: StdioOption;
} {
  return {
    stdin: input === undefined ? (stdin ?? 'ignore') : 'pipe',
    stdout: stdout ?? 'pipe',
    stderr: stderr ?? 'pipe',
  };
}

/** Waits for the end of a container, and for all that it writes. */
export async function collect(
  starting: Promise<Container>,
  { input, maxOutput = MAX_OUTPUT, signal }: Pick<RunOptions, 'input' | 'maxOutput' | 'signal'>,
): Promise<RunResult> {
  const container = await starting;
  if (input !== undefined) container.stdin?.end(input);
  const keep = (output: Output | undefined): Promise<string> =>
    keepText(output, { limit: maxOutput, onFull: () => container.stopFor('output') });
  const [result, stdout, stderr] = await Promise.all([
    container.wait(),
    keep(container.stdout),
    keep(container.stderr),
  ]);
  signal?.throwIfAborted();
  return { ...result, stdout, stderr };
}

async function keepText(
  output: Output | undefined,
  { limit, onFull }: { limit: number; onFull: () => void },
): Promise<string> {
  if (!output) return '';
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of output.stream) {
    const room = limit - length;
    chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    length += Math.min(chunk.length, room);
    if (chunk.length > room) onFull();
  }
  return Buffer.concat(chunks).toString();
}
