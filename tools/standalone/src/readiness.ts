/** ppoll(2): `fds` is an array of struct pollfd, `time` a struct timespec. Returns how many are ready, or a negative errno. */
type Poll = (fds: Uint8Array, time: Uint8Array) => number;

const POLLIN = 0x001;
const REVENTS = 16;
/** So long the kernel is waited for, before other events have their turn. */
const SLICE_NS = 1_000_000n;
/** Containers are made in less. After that there is no hurry, and waiting must cost nothing. */
const HURRY_MS = 200;
const LONGEST_PAUSE_MS = 20;

/**
 * Tells when descriptors can be read. Bun lets nobody else use its own event loop for that, so they are polled between its
 * turns: at once and waiting in the kernel at first, which is what takes the least time, and more and more seldom later.
 */
export class Readiness {
  readonly #poll: Poll;
  readonly #watched = new Map<() => void, number>();
  #since = 0;
  #isPlanned = false;

  constructor(poll: Poll) {
    this.#poll = poll;
  }

  /** Calls back whenever the descriptor can be read or was hung up; returns what ends this. */
  watch(fd: number, callback: () => void): () => void {
    const own = (): void => callback(); // two may have the same callback
    this.#watched.set(own, fd);
    this.#since = performance.now();
    this.#plan(0);
    return () => {
      this.#watched.delete(own);
    };
  }

  #plan(pause: number): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    if (pause === 0) setImmediate(() => this.#look(SLICE_NS));
    else setTimeout(() => this.#look(0n), pause);
  }

  #look(waitNs: bigint): void {
    this.#isPlanned = false;
    const watched = [...this.#watched];
    if (watched.length === 0) return;
    const fds = Int32Array.from(watched.flatMap(([, fd]) => [fd, POLLIN]));
    const ready = this.#poll(new Uint8Array(fds.buffer), new Uint8Array(BigInt64Array.of(0n, waitNs).buffer));
    if (ready > 0) {
      this.#since = performance.now();
      watched.forEach(([callback], index) => {
        const isReady = (fds[index * 2 + 1] ?? 0) >> REVENTS !== 0;
        if (isReady && this.#watched.has(callback)) callback();
      });
    }
    if (this.#watched.size > 0) this.#plan(pauseAfter(performance.now() - this.#since));
  }
}

function pauseAfter(quietMs: number): number {
  return quietMs < HURRY_MS ? 0 : Math.min(LONGEST_PAUSE_MS, quietMs / HURRY_MS);
}
