import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

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
  // Without what this process was started with (a loader of TypeScript), and without certificates that Node would read
  // before anything else on a machine which has some of its own: they are no part of anybody's start.
  readonly #child = fork(join(import.meta.dirname, '../launch.mjs'), {
    execArgv: [],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined, NODE_OPTIONS: undefined },
  });

  /**
   * Runs a program to its end.
   * @returns how long that took, in milliseconds
   * @throws Error when it cannot be run or does not end with 0
   */
  async run(program: string, args: readonly string[]): Promise<number> {
    this.#child.send({ program, args });
    const [{ milliseconds, status, stderr }] = (await once(this.#child, 'message')) as [Answer];
    if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
    return milliseconds;
  }

  [Symbol.dispose](): void {
    this.#child.disconnect();
  }
}
