import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { plainEnvironment } from './plain-environment.ts';

/** Whom a program is run as, and with which variables beside those of the benchmark. */
interface RunOptions {
  uid?: number;
  gid?: number;
  variables?: Readonly<Record<string, string>>;
}

interface Answer {
  milliseconds: number;
  status: number | null;
  stderr: string;
}

/**
 * A small process that runs the programs which are compared with the library. Were they started by the process that the
 * library runs in, each would be a fork of it, after which the kernel copies every page that the library writes to: in a
 * virtual machine a fifth of a start, and nothing that a program which only uses the library would ever see.
 */
export class Launcher implements Disposable {
  // Without what this process was started with: a loader of TypeScript.
  readonly #child = fork(join(import.meta.dirname, '../launch.mjs'), {
    execArgv: [],
    env: plainEnvironment(),
  });

  /**
   * Runs a program to its end.
   * @returns how long that took, in milliseconds
   * @throws Error when it cannot be run or does not end with 0
   */
  async run(program: string, args: readonly string[], options: RunOptions = {}): Promise<number> {
    this.#child.send({ program, args, ...options });
    const [{ milliseconds, status, stderr }] = (await once(this.#child, 'message')) as [Answer];
    if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
    return milliseconds;
  }

  [Symbol.dispose](): void {
    this.#child.disconnect();
  }
}
