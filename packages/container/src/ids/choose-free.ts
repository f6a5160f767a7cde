/** So many are tried in order: on most machines there are fewer containers, and the ids of each are then easy to foresee. */
const IN_ORDER = 16;
/** As long as one of ten is free, chance finds it within these for all but 3 of 100 callers. */
const BY_CHANCE = 32;

/**
 * Something that is free, without asking for each that is not: the first few in order, then some by chance, and only where nearly
 * all are taken one after the other. Beside 1000 others a handful of questions is enough, and callers that choose at the same time
 * seldom want the same.
 * @param all can be gone through several times
 * @param options `chance` gives numbers from 0 to less than 1
 * @example
 * chooseFree([1, 2, 3], { isFree: (one) => one > 1 }); // 2
 */
export function chooseFree<T>(
  all: Iterable<T>,
  { isFree, chance = Math.random }: { isFree: (one: T) => boolean; chance?: () => number },
): T | undefined {
  let asked = 0;
  for (const one of all) {
    if (asked++ === IN_ORDER) break;
    if (isFree(one)) return one;
  }
  if (asked <= IN_ORDER) return undefined;
  const further = [...all].slice(IN_ORDER);
  for (let tries = 0; tries < BY_CHANCE; tries++) {
    const one = further[Math.floor(chance() * further.length)];
    if (one !== undefined && isFree(one)) return one;
  }
  return further.find(isFree);
}
