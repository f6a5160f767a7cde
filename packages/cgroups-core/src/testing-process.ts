import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of the test's own; whatever happens, it is ended with the scope. */
export class OwnProcess implements AsyncDisposable {
  readonly pid: number;
  /** The signal that ended it, once it has. */
  readonly signal: Promise<string | null>;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    if (child.pid === undefined) throw new Error('the suite needs bash');
    this.pid = child.pid;
    this.#child = child;
    this.signal = once(child, 'exit').then(() => child.signalCode);
  }

  /** Lets a program of {@link startBash} begin. */
  start(): void {
    this.#child.stdin?.write('\n');
  }

  /** Lets it begin and waits for the first text it prints. */
  async go(): Promise<string> {
    const output = this.#child.stdout;
    if (!output) throw new Error('there is no output to read');
    this.start();
    const [text] = await once(output, 'data');
    return String(text);
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    await this.signal;
  }
}

/** A process that does nothing. */
export function startSleeper(): OwnProcess {
  return new OwnProcess(spawn('sleep', ['1000'], { stdio: 'ignore' }));
}

/** A process with more than one thread: another Node. */
export function startThreads(): OwnProcess {
  return new OwnProcess(spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' }));
}

/** A bash that waits for a line before it begins, so that it can be put into its group first. */
export function startBash(script: string): OwnProcess {
  return new OwnProcess(spawn('bash', ['-c', `read; ${script}`], { stdio: ['pipe', 'pipe', 'ignore'] }));
}

/** Waits for what the kernel announces by no event both versions have. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited a minute for ${what}`);
    await sleep(5);
  }
}
