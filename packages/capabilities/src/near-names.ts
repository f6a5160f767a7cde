/** Names offered at most. */
const MOST = 3;

/**
 * Which names somebody may have meant who wrote `word`: those that contain it, and those that differ in few letters. The nearest
 * come first.
 */
export function nearNames(word: string, names: readonly string[]): string[] {
  const tolerance = Math.max(1, Math.floor(word.length / 4));
  const rank = (name: string): number => {
    if (word.length > 2 && name.includes(word)) return 0;
    return distance(word, name);
  };
  return names
    .map((name) => ({ name, rank: rank(name) }))
    .filter(({ rank }) => rank <= tolerance)
    .sort((one, other) => one.rank - other.rank)
    .slice(0, MOST)
    .map(({ name }) => name);
}

/** How many letters must be inserted, removed or replaced to make one word of the other (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line++) {
    const above = row;
    row = [line];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (from[line - 1] === to[column - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[column] ?? 0) + 1, (row[column - 1] ?? 0) + 1));
    }
  }
  return row[to.length] ?? 0;
}
