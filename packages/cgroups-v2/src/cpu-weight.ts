/** The ends of both scales; 1024 shares are a weight of 100. */
const SHARES = { least: 2, most: 262_144 } as const;
const WEIGHT = { least: 1, most: 10_000 } as const;

/**
 * The weight of version 2 that stands for shares of version 1: a curve through the least, the usual and the largest of both,
 * which runc (since 1.3.2) and crun (since 1.23) have agreed on. A straight line, as they had before, makes 39 of the usual 1024.
 * @param shares 2 to 262144; what is outside counts as the end
 * @see https://github.com/opencontainers/cgroups
 * @example
 * cpuWeightOf(1024); // 100
 */
export function cpuWeightOf(shares: number): number {
  if (shares <= SHARES.least) return WEIGHT.least;
  if (shares >= SHARES.most) return WEIGHT.most;
  const power = Math.log2(shares);
  return Math.ceil(10 ** ((power * power + 125 * power) / 612 - 7 / 34));
}
