/**
 * Gives something that takes a signal so much time.
 * @throws what `late` makes when the time was up, and what `act` throws otherwise
 */
export async function within<T>(
  milliseconds: number,
  act: (signal: AbortSignal) => Promise<T>,
  late: () => Error,
): Promise<T> {
  const signal = AbortSignal.timeout(milliseconds);
  try {
    return await act(signal);
  } catch (error) {
    throw signal.aborted && error === signal.reason ? late() : error;
  }
}
