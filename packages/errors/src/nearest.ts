/**
 * The word that somebody meant who wrote one that does not exist: the candidate that takes the fewest changes, if it takes
 * few. For hints.
 * @returns `undefined` when none is near: two letters inserted, removed or replaced, or a third of a long word, but never all
 * @example
 * nearest('memroy', ['memory', 'cpus']); // 'memory'
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const most = Math.max(2, Math.floor(word.length / 3));
  const ranked = candidates
    .filter((candidate) => Math.abs(candidate.length - word.length) <= most) // so many letters differ at least
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= most && best.distance < word.length ? best.candidate : undefined;
}

/**
 * How many letters must be inserted, removed or replaced to make one word of the other (Levenshtein).
 * @example
 * editDistance('kill', 'skill'); // 1
 */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
