import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import { readValue } from './read-value.ts';
import type { DividedPart, FieldOf, StatsPart, StatsSelection } from './stats.ts';

/**
 * The files behind each number, by their names within a group; none for what a version does not count. A `*` stands for every
 * size of huge pages.
 */
export type StatsFiles = {
  readonly [Part in StatsPart]: Part extends DividedPart
    ? Readonly<Record<FieldOf<Part>, readonly string[]>>
    : readonly string[];
};

/**
 * The names of the files that are needed for some numbers, each once.
 * @param options `hugePageSizes` such as `'2MB'`, asked for once when the part hugetlb is wanted, else not
 * @example
 * filesFor(files, { wanted: ['cpu.usageNanoseconds', 'pids.current'], hugePageSizes }); // ['cpu.stat', 'pids.current']
 */
export function filesFor(
  files: StatsFiles,
  { wanted, hugePageSizes }: { wanted: StatsSelection; hugePageSizes: () => readonly string[] },
): string[] {
  const entries: [string, Entry][] = Object.entries(files);
  const needed = entries.flatMap(([part, entry]) => {
    if (wanted === 'all' || wanted.some((name) => name === part)) return all(entry);
    return wanted.flatMap((name) => (name.startsWith(`${part}.`) ? one(entry, name.slice(part.length + 1)) : []));
  });
  let sizes: readonly string[] | undefined;
  const ofEachSize = (file: string): string[] => {
    sizes ??= hugePageSizes();
    return sizes.map((size) => file.replace('*', size));
  };
  return [...new Set(needed)].flatMap((file) => (file.includes('*') ? ofEachSize(file) : [file]));
}

type Entry = readonly string[] | Readonly<Record<string, readonly string[]>>;

function all(entry: Entry): string[] {
  return Object.values(entry).flat();
}

function one(entry: Entry, field: string): readonly string[] {
  return Array.isArray(entry) ? [] : (Object.entries(entry).find(([name]) => name === field)?.[1] ?? []);
}

/**
 * The sizes of huge pages that the machine has, as the files of the controller name them.
 * @param directory where the kernel lists them
 * @returns none where the kernel has no huge pages
 * @see the kernel's admin-guide/mm/hugetlbpage
 * @example
 * hugePageSizes(); // ['2MB', '1GB']
 */
export function hugePageSizes(directory = '/sys/kernel/mm/hugepages'): string[] {
  try {
    return readdirSync(directory).flatMap((name) => {
      const kibibytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1]);
      return Number.isNaN(kibibytes) ? [] : [sizeName(kibibytes)];
    });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES')) return [];
    throw error;
  }
}

function sizeName(kibibytes: number): string {
  if (kibibytes >= 1 << 20) return `${kibibytes >> 20}GB`;
  return kibibytes >= 1 << 10 ? `${kibibytes >> 10}MB` : `${kibibytes}KB`;
}

/** Larger than all but the longest of these files. */
const BUFFER_LENGTH = 16 << 10;
let buffer: Buffer | undefined;

/**
 * Reads files of numbers; one that is not there has no text. In half the time of {@link readValue}, for those who read thousands.
 * @throws SystemError EACCES
 * @example
 * readTexts(['/sys/fs/cgroup/box/pids.current']).get('/sys/fs/cgroup/box/pids.current'); // '3\n'
 */
export function readTexts(paths: readonly string[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const path of paths) {
    const text = readText(path);
    if (text !== undefined) texts.set(path, text);
  }
  return texts;
}

function readText(path: string): string | undefined {
  try {
    return readWhole(path);
  } catch (error) {
    // What most groups lack is no reason to ask twice; of anything else the door knows what it means.
    return isErrno(error, 'ENOENT') ? undefined : readValue(path);
  }
}

function readWhole(path: string): string {
  buffer ??= Buffer.allocUnsafeSlow(BUFFER_LENGTH);
  const file = openSync(path, 'r');
  try {
    let text = '';
    for (;;) {
      const length = readSync(file, buffer, 0, BUFFER_LENGTH, null);
      text += buffer.toString('latin1', 0, length);
      // The kernel shows such a file in one piece: only what fills the buffer has a rest.
      if (length < BUFFER_LENGTH) return text;
    }
  } finally {
    closeSync(file);
  }
}
