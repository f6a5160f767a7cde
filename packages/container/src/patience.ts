import { parseDuration } from './options/duration.ts';

/** How long a container or a program is waited for: until it ends, its time is up, or the caller has changed his mind. */
export class Patience {
  readonly #timeoutMs: number | undefined;
  readonly #signal: AbortSignal | undefined;
  #isOver = false;

  /** @throws {OptionError} for a timeout that is no time */
  constructor({ timeout, signal }: { timeout?: string | number; signal?: AbortSignal }) {
    this.#timeoutMs = timeout === undefined ? undefined : parseDuration(timeout);
    this.#signal = signal;
  }

  /** Whether the time was up before the program had ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @param giveUp makes `end` come soon, whose waiting goes on; also called when the signal was aborted before */
  async waitFor<T>(end: Promise<T>, giveUp: () => void): Promise<T> {
    const timer =
      this.#timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            this.#isOver = true;
            giveUp();
          }, this.#timeoutMs);
    this.#signal?.addEventListener('abort', giveUp, { once: true });
    if (this.#signal?.aborted) giveUp();
    try {
      return await end;
    } finally {
      clearTimeout(timer);
      this.#signal?.removeEventListener('abort', giveUp);
    }
  }
}
