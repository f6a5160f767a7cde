import { summarize } from '../statistics.ts';

/** Ways to do the same work, by name. */
export type Ways = Readonly<Record<string, () => Promise<void> | void>>;

/**
 * Times ways to do the same work in turn, so that a machine that grows slower does so for all; the first round warms up.
 * @returns medians in milliseconds; for a way that does not work here, why
 */
export async function timeInTurn(ways: Ways, rounds: number): Promise<Map<string, number | string>> {
  const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
  const failures = new Map<string, string>();
  for (let round = 0; round <= rounds; round++) {
    for (const [name, once] of Object.entries(ways)) {
      if (failures.has(name)) continue;
      const began = process.hrtime.bigint();
      try {
        await once();
      } catch (error) {
        failures.set(name, String(error).split('\n')[0] ?? '');
        continue;
      }
      if (round > 0) times.get(name)?.push(Number(process.hrtime.bigint() - began) / 1e6);
    }
  }
  return new Map(
    Object.keys(ways).map((name) => [name, failures.get(name) ?? summarize(times.get(name) ?? []).median]),
  );
}
