/**
 * The weight of `io.weight`, 1 to 10000, that stands for one of version 1 and of BFQ, 10 to 1000: a straight line, as runc and
 * crun draw it.
 * @example
 * ioWeightOf(500); // 4950
 */
export function ioWeightOf(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}
