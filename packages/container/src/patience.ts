import type { Channel } from '@coracle/syscalls';
import { parseDuration } from './duration.ts';

/** How long a program is waited for: until it ends, its time is up, or the caller has changed his mind. */
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

  /** Waits for a report, which comes at once when the agent is told that nothing more will come. */
  async with<T>(channel: Channel, report: Promise<T>): Promise<T> {
    const finish = (): void => channel.finish();
    const timer =
      this.#timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            this.#isOver = true;
            finish();
          }, this.#timeoutMs);
    this.#signal?.addEventListener('abort', finish, { once: true });
    if (this.#signal?.aborted) finish();
    try {
      return await report;
    } finally {
      clearTimeout(timer);
      this.#signal?.removeEventListener('abort', finish);
    }
  }
}
