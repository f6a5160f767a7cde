import { refusedValue, type ValueCheck } from './resource-value.ts';

/** More processors than any kernel is built for. */
const MOST = 65_536;

/**
 * The numbers of a list as the kernel writes it: `0-3,7`; each once, in order. An empty text is an empty list.
 * @returns `undefined` for a text that is no such list
 * @see cpuset(7), "List format"
 * @example
 * parseCpuList('0-2,7'); // [0, 1, 2, 7]
 */
export function parseCpuList(text: string): number[] | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const numbers = new Set<number>();
  for (const part of trimmed.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part) ?? [];
    if (first === undefined || Number(last) < Number(first) || Number(last) >= MOST) return undefined;
    for (let number = Number(first); number <= Number(last); number++) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}

/**
 * A list as the kernel writes it, with neighbours as ranges.
 * @example
 * formatCpuList([7, 0, 1, 2]); // '0-2,7'
 */
export function formatCpuList(numbers: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range?.last === number - 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`)).join(',');
}

/** A list of processors or memory nodes, with at least one; in the kernel's spelling. */
export const checkCpuList: ValueCheck<string> = (value, path) => {
  const numbers = typeof value === 'string' ? parseCpuList(value) : undefined;
  if (numbers !== undefined && numbers.length > 0) return formatCpuList(numbers);
  throw refusedValue(path, value, "a list of numbers and ranges, such as '0-3,7'");
};
