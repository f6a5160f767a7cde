import { read as readFd, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { closeFd, output, pipe, read, type Step, write } from '@coracle/syscalls';

/** A point in a program where it waits until the test has done something. */
export class Gate implements Disposable {
  readonly #arrived = pipe();
  readonly #go = pipe();

  /** What the process that is to wait has as its standard input and output. */
  get stdin(): number {
    return this.#go[0];
  }
  get stdout(): number {
    return this.#arrived[1];
  }

  /** The steps that say "here I am" and wait. */
  readonly wait: readonly Step[] = [
    write({ fd: 1, data: '.' }, 'say where it is'),
    read({ fd: 0, into: output('gate', 1) }, 'wait at the gate'),
  ];

  /** Waits for the process to be at the gate, acts, and lets it through. */
  async open(act: () => void): Promise<void> {
    await promisify(readFd)(this.#arrived[0], Buffer.alloc(1), 0, 1, null);
    act();
    writeSync(this.#go[1], '.');
  }

  [Symbol.dispose](): void {
    for (const fd of [...this.#arrived, ...this.#go]) closeFd(fd);
  }
}
