/**
 * Which kind of start some words ask for: the first of which one is among them, also with a value behind it as in `--memory=64m`;
 * otherwise the first of all. It stands alone, as its text becomes a part of programs.
 * @template {{ words: readonly string[] }} Kind
 * @param {readonly Kind[]} kinds
 * @param {readonly string[]} given
 */
export function kindOfStart(kinds, given) {
  return kinds.find(({ words }) => given.some((word) => words.includes(word.split('=', 1)[0]))) ?? kinds[0];
}
