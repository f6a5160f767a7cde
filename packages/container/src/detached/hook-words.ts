import { closeSync, constants, openSync, read, writeSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import { pipe } from '@coracle/syscalls';

/** How much of what a hook says is kept for the error. */
export const KEPT_BYTES = 4096;

/** As much as a pipe holds. */
const AT_ONCE = 65_536;

/**
 * A pipe that is read all the time, whatever is written to it: its first words are kept, and the rest is let go. Who writes never has to
 * wait for long, and whoever holds it beyond the end of a hook keeps nobody waiting.
 */
export class HookWords {
  /** For the hook, as its standard error. */
  readonly writeEnd: number;
  readonly #readEnd: number;
  /** The pipe opened once more, to write to it without waiting. */
  readonly #waker: number;
  readonly #kept = Buffer.alloc(KEPT_BYTES);
  #length = 0;
  #isGiven = false;
  #isOver = false;
  readonly #reading: Promise<void>;
  #said: Promise<string> | undefined;

  constructor() {
    [this.#readEnd, this.writeEnd] = pipe();
    this.#waker = openSync(`/proc/self/fd/${this.writeEnd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    this.#reading = this.#readAll();
  }

  /** The hook has it. */
  given(): void {
    closeSync(this.writeEnd);
    this.#isGiven = true;
  }

  /** What was said, when nothing more is of interest. To be called in any case. */
  end(): Promise<string> {
    this.#said ??= this.#end();
    return this.#said;
  }

  async #end(): Promise<string> {
    this.#isOver = true;
    this.#wake();
    await this.#reading;
    if (!this.#isGiven) closeSync(this.writeEnd);
    closeSync(this.#waker);
    closeSync(this.#readEnd);
    return this.#kept.toString('utf8', 0, this.#length).trim();
  }

  /** Whoever waits for words has this one. Where the pipe is full, nobody waits. */
  #wake(): void {
    try {
      writeSync(this.#waker, '\n');
    } catch (error) {
      if (!isErrno(error, 'EAGAIN')) throw error;
    }
  }

  async #readAll(): Promise<void> {
    const buffer = Buffer.alloc(AT_ONCE);
    for (;;) {
      const isLast = this.#isOver; // nothing that was said before it is still to come then
      const count = await readSome(this.#readEnd, buffer);
      this.#length += buffer.copy(this.#kept, this.#length, 0, count);
      if (count === 0 || (isLast && (count < AT_ONCE || this.#length === KEPT_BYTES))) return;
      if (this.#isOver) this.#wake();
    }
  }
}

/** 0 for what cannot be read: it is not told. */
function readSome(fd: number, buffer: Buffer): Promise<number> {
  return new Promise((resolve) => {
    read(fd, buffer, 0, buffer.length, null, (error, count) => resolve(error ? 0 : count));
  });
}
