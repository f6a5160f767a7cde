import type { EventSource } from './event-stream.ts';
import type { WaitOptions } from './group.ts';

/**
 * Waits until a source shows what is waited for: looks at once, and then when the source says that something changed.
 * @returns the state that was waited for; `undefined` when what is watched is gone before
 * @throws the reason of `signal`, and what the source fails with
 * @example
 * async function untilEmpty(group: Group): Promise<void> {
 *   await waitFor(group.eventSource(), ({ populated }) => populated === false);
 * }
 */
export async function waitFor<State>(
  source: EventSource<State>,
  isThere: (state: State) => boolean,
  { signal }: WaitOptions = {},
): Promise<State | undefined> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = withResolvers<State | undefined>();
  const look = (): void => {
    try {
      const state = source.read();
      if (state === undefined || isThere(state)) resolve(state);
    } catch (error) {
      reject(error);
    }
  };
  const abort = (): void => reject(signal?.reason);
  const stop = source.watch({ changed: look, gone: () => resolve(undefined), failed: reject });
  signal?.addEventListener('abort', abort, { once: true });
  try {
    // After the watching began: what happens in between is seen twice, never missed.
    look();
    return await promise;
  } finally {
    signal?.removeEventListener('abort', abort);
    stop();
  }
}

/** As of Promise since Node 22. */
function withResolvers<Value>(): {
  promise: Promise<Value>;
  resolve: (value: Value) => void;
  reject: (error: unknown) => void;
} {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
