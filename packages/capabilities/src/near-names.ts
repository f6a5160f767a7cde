import { editDistance } from '@coracle/errors';

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
    // So many letters differ at least; to count those of a long word takes long.
    const difference = Math.abs(word.length - name.length);
    return difference > tolerance ? difference : editDistance(word, name);
  };
  return names
    .map((name) => ({ name, rank: rank(name) }))
    .filter(({ rank }) => rank <= tolerance)
    .sort((one, other) => one.rank - other.rank)
    .slice(0, MOST)
    .map(({ name }) => name);
}
