/** Words of two letters are near too many others. */
const SHORTEST = 3;

/**
 * The word that somebody probably meant who wrote one that is not known: the same but for case, `-` and `_`, or with one letter
 * too many, missing, wrong, or two that changed places. `undefined` when there is none.
 */
export function meantBy(word: string, known: readonly string[]): string | undefined {
  const written = plain(word);
  if (written.length < SHORTEST) return undefined;
  return known.find((one) => plain(one) === written) ?? known.find((one) => isOneSlip(written, plain(one)));
}

function plain(word: string): string {
  return word.replace(/[-_]/g, '').toLowerCase();
}

function isOneSlip(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const [differentA, differentB] = [a.slice(start, endA), b.slice(start, endB)];
  if (differentA.length <= 1 && differentB.length <= 1) return true;
  return differentA.length === 2 && differentA === [...differentB].reverse().join('');
}
