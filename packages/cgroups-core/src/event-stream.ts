/**
 * Where events come from: something that says when to look, and something to look at.
 * @example
 * const source: EventSource<number> = {
 *   watch({ changed }) {
 *     const timer = setInterval(changed, 1000);
 *     return () => clearInterval(timer);
 *   },
 *   read: () => process.memoryUsage().rss,
 * };
 */
export interface EventSource<State> {
  /** Begins to watch; returns what ends it and lets go of everything. */
  watch(watcher: Watcher): () => void;
  /** The state now; `undefined` when what is watched is gone. */
  read(): State | undefined;
}

/** What a source calls. */
export interface Watcher {
  /** Something may have changed. */
  changed(): void;
  /** There is no more to come. */
  gone(): void;
  /** It cannot go on. */
  failed(error: unknown): void;
}

/** What an {@link EventStream} is made of. */
export interface EventStreamOptions<State, Event> {
  /** What happened between two states, the first of which was told of already. */
  between(before: State, after: State): Event[];
  /** Ends the stream, with its own reason as the error. */
  signal?: AbortSignal | undefined;
}

/** A call of `next()` that has no answer yet. */
interface Waiting<Event> {
  resolve(result: IteratorResult<Event>): void;
  reject(error: unknown): void;
}

/**
 * Events as an async iterator. It watches from the moment it is made, so nothing is missed before the first `next()`; it ends
 * with `return()` (also by leaving a `for await`), with its signal, and when what it watches is gone, and holds nothing then.
 *
 * It keeps two states, not a list: who takes events slowly gets them summed up.
 * @example
 * function growthOf(source: EventSource<number>) {
 *   return new EventStream(source, { between: (before, after) => (after > before ? [after - before] : []) });
 * }
 */
export class EventStream<State, Event> implements AsyncIterableIterator<Event>, AsyncDisposable {
  readonly #source: EventSource<State>;
  readonly #between: EventStreamOptions<State, Event>['between'];
  readonly #signal: AbortSignal | undefined;
  readonly #ready: Event[] = [];
  readonly #waiting: Waiting<Event>[] = [];
  #stop: (() => void) | undefined;
  /** What was told of last, and what was seen last. */
  #told: State | undefined;
  #seen: State | undefined;
  #failure: { error: unknown } | undefined;

  /** @throws what the source throws when it cannot watch or read; the reason of `signal` when that is aborted already */
  constructor(source: EventSource<State>, { between, signal }: EventStreamOptions<State, Event>) {
    signal?.throwIfAborted();
    this.#source = source;
    this.#between = between;
    this.#signal = signal;
    this.#stop = source.watch({
      changed: () => this.#look(),
      gone: () => this.#end(),
      failed: (error) => this.#fail(error),
    });
    signal?.addEventListener('abort', this.#abort, { once: true });
    // Read after the watching began: what happens in between is seen twice and told of once.
    this.#look();
    this.#told = this.#seen;
  }

  readonly #abort = (): void => this.#fail(this.#signal?.reason);

  #look(): void {
    if (!this.#stop) return;
    try {
      const state = this.#source.read();
      if (state === undefined) this.#end();
      else this.#seen = state;
    } catch (error) {
      this.#fail(error);
    }
    this.#hand();
  }

  /** Gives what is there to those who wait. */
  #hand(): void {
    for (let waiting = this.#waiting[0]; waiting; waiting = this.#waiting[0]) {
      const event = this.#take();
      if (!event) return;
      this.#waiting.shift();
      waiting.resolve({ value: event.value, done: false });
    }
  }

  #take(): { value: Event } | undefined {
    if (this.#ready.length === 0 && this.#told !== undefined && this.#seen !== undefined) {
      this.#ready.push(...this.#between(this.#told, this.#seen));
      this.#told = this.#seen;
    }
    return this.#ready.splice(0, 1).map((value) => ({ value }))[0];
  }

  #fail(error: unknown): void {
    if (!this.#stop) return;
    this.#letGo();
    const [first, ...others] = this.#waiting.splice(0);
    if (first) first.reject(error);
    else this.#failure = { error };
    for (const other of others) other.resolve({ value: undefined, done: true });
  }

  /** What was seen before is still told of. */
  #end(): void {
    this.#letGo();
    this.#hand();
    for (const waiting of this.#waiting.splice(0)) waiting.resolve({ value: undefined, done: true });
  }

  #letGo(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#signal?.removeEventListener('abort', this.#abort);
  }

  /** The next event; waits for one. @throws the reason of the signal, or what the source failed with, once */
  async next(): Promise<IteratorResult<Event>> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) {
      this.#forget();
      throw failure.error;
    }
    const event = this.#take();
    if (event) return { value: event.value, done: false };
    if (!this.#stop) return { value: undefined, done: true };
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Ends it; those who wait get no event. */
  async return(): Promise<IteratorResult<Event>> {
    this.#forget();
    this.#end();
    return { value: undefined, done: true };
  }

  /** What was not taken yet is not wanted. */
  #forget(): void {
    this.#ready.length = 0;
    this.#told = undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The same as `return()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
