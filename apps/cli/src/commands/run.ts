import {
  Container,
  type ContainerOptions,
  exitCodeOf,
  type LifeOptions,
  parseDuration,
  type Result,
} from '@coracle/container';
import { runOnTerminal } from '@coracle/container/terminal';
import { isTerminal } from '@coracle/syscalls';
import { type Options, parseArguments, UsageError } from '../arguments.ts';
import { containerOptions } from '../container-options.ts';
import { forwardSignals } from '../forward-signals.ts';
import { hintAtImages } from '../image-hint.ts';
import { type Keeping, keepStart } from '../known-start/keeping.ts';
import { COMMON_OPTIONS, CONTAINER_OPTIONS, renderOptions } from '../option-table.ts';
import { print, tell } from '../output.ts';
import { inOneLine, jsonOf } from '../render/harmless.ts';

const HELP = (): string => `coracle run [options] COMMAND [ARG...]

Runs a program in a container of its own. Its exit code is passed on; 128+n when signal n ended it, 125 when Coracle
failed, 126 when the program cannot be executed, 127 when it was not found.

${renderOptions([...CONTAINER_OPTIONS, ...COMMON_OPTIONS])}
`;

/** `coracle run`: from words to a container, and its exit code. */
export async function command(args: readonly string[]): Promise<number> {
  const keeping = keepStart();
  try {
    return await start(args, keeping);
  } finally {
    keeping?.forget();
  }
}

async function start(args: readonly string[], keeping: Keeping | undefined): Promise<number> {
  const { options, words } = parseArguments(args, [...CONTAINER_OPTIONS, ...COMMON_OPTIONS]);
  if (options.has('help')) {
    await print(HELP());
    return 0;
  }
  // An option that takes a value may have swallowed the program: what it says of the value is of more use.
  const onSent = isKeepable(options) ? keeping?.sent : undefined;
  const wanted = { ...containerOptions(options, words, process), ...timeoutOf(options), ...(onSent ? { onSent } : {}) };
  if (words.length === 0) throw new UsageError('no program to run', 'name one: coracle run bash');
  const render = renderRemark(options);
  const remark = (text: string): void => tell(render(text));
  const onStart = (container: Container): void => {
    signals.to(container);
    const atStart = options.has('quiet') ? [] : remarksOnMissing(container);
    for (const text of atStart) remark(text);
    keeping?.done({
      atStart: atStart.map(render),
      outOfMemory: options.has('quiet') ? undefined : render(OUT_OF_MEMORY),
      json: options.has('json'),
    });
  };
  // Before the kernel is at work: the program may run, and be seen running, before this process goes on.
  const signals = forwardSignals();
  const result = await (wantsTerminal(options) ? runInTerminal : runPlain)(wanted, { options, onStart })
    .catch((error) => {
      throw hintAtImages(error, { words, hasRoot: options.text('rootfs') !== undefined });
    })
    .finally(signals.stop);
  if (result.timedOut && !options.has('quiet'))
    remark(`the container was ended after ${options.text('timeout')} (--timeout)`);
  if (result.blockedCalls) remarkBlocked(result.blockedCalls, remark);
  if (result.oomKilled && !options.has('quiet')) remark(OUT_OF_MEMORY);
  return exitCodeOf(result);
}

/** Tells the user what is no error. */
type Remark = (text: string) => void;

const OUT_OF_MEMORY = 'the kernel ended a process of the container for want of memory (--memory)';

/** A remark as a line for standard error. */
function renderRemark(options: Options): (text: string) => string {
  return options.has('json')
    ? (text) => jsonOf({ remark: { message: text } })
    : (text) => `coracle: ${inOneLine(text)}`;
}

/** A number alone is seconds, as podman has it. */
function timeoutOf(options: Options): { timeout?: number } {
  const text = options.text('timeout');
  if (text === undefined) return {};
  return { timeout: parseDuration(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text) };
}

/** An environment may hold what nobody is to keep. */
function isKeepable(options: Options): boolean {
  return options.list('env').length === 0 && options.list('env-file').length === 0;
}

/** On a terminal, `coracle run bash` is meant as `coracle run -it bash`. */
function wantsTerminal(options: Options): boolean {
  if (options.has('tty')) return true;
  return !options.has('interactive') && isTerminal(0) && isTerminal(1);
}

/** How a container is run: the options of the command, and what is done when it has started. */
interface Running {
  options: Options;
  onStart(container: Container): void;
}

async function runInTerminal(wanted: ContainerOptions & LifeOptions, { options, onStart }: Running): Promise<Result> {
  const input = options.has('tty') && !options.has('interactive') && !isTerminal(0) ? undefined : process.stdin;
  return runOnTerminal(wanted, { input, output: process.stdout, type: process.env['TERM'], onStart });
}

/**
 * Without a terminal of its own the program gets the caller's input and output themselves, so that bytes flow at full speed;
 * but never the caller's terminal, into which it could type (TIOCSTI): that is relayed.
 */
async function runPlain(wanted: ContainerOptions & LifeOptions, { options, onStart }: Running): Promise<Result> {
  const container = await Container.run({
    ...wanted,
    stdin: isTerminal(0) ? (options.has('interactive') ? 'pipe' : 'ignore') : 'inherit',
    stdout: isTerminal(1) ? 'pipe' : 'inherit',
    stderr: isTerminal(2) ? 'pipe' : 'inherit',
  });
  container.stdout?.stream.pipe(process.stdout, { end: false });
  container.stderr?.stream.pipe(process.stderr, { end: false });
  if (container.stdin) process.stdin.pipe(container.stdin);
  onStart(container);
  try {
    return await container.wait();
  } finally {
    if (container.stdin) process.stdin.unref();
  }
}

/** What --security-opt seccomp=log was given for; so --quiet does not hide it. */
function remarkBlocked(calls: Readonly<Record<string, number>>, remark: Remark): void {
  const shown = Object.entries(calls).map(([name, times]) => (times === 1 ? name : `${name} (${times} times)`));
  remark(shown.length === 0 ? 'no system call was blocked' : `blocked system calls: ${shown.join(', ')}`);
}

/** What is a mere default, or depends on the kernel, and cannot be had is no error, but nothing to be silent about either. */
function remarksOnMissing({ isolation }: Container): string[] {
  return isolation.missing.map(
    ({ what, reason }) =>
      `no ${what === 'landlock' ? 'Landlock' : `limit on ${what}`}: ${reason} (coracle doctor tells more, --quiet hides this)`,
  );
}
