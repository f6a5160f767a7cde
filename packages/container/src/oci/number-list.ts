/**
 * Reads a list of numbers and ranges, as the kernel writes processors and memory nodes.
 * @returns the numbers in order, or `undefined` for what is no such list
 * @see cpuset(7), "List format"
 * @example
 * parseNumberList('0-2,5'); // [0, 1, 2, 5]
 */
export function parseNumberList(text: string): number[] | undefined {
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part);
    if (!match) return undefined;
    const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (last < first) return undefined;
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}
