/** Which kind of start some words ask for. */
export function kindOfStart<Kind extends { words: readonly string[] }>(
  kinds: readonly [Kind, ...Kind[]],
  given: readonly string[],
): Kind;
