import { SystemError } from '@coracle/errors';

/** One line of an id map: `size` ids from `containerId` on are, for the host, those from `hostId` on. */
export interface IdMapping {
  containerId: number;
  hostId: number;
  /** How many ids, at least 1. */
  size: number;
}

/** The kernel keeps no more lines of one map (since Linux 4.15); see user_namespaces(7). */
export const MAX_MAP_LINES = 340;
/** The text of a map must be shorter than a page, and 4096 bytes are the smallest page there is. */
const TEXT_END = 4096;
/** One more than the largest id: 2^32-1 stands for "no id", see user_namespaces(7). */
export const ID_END: number = 2 ** 32 - 1;

/**
 * The text of an id map as /proc/PID/uid_map takes it, one line a mapping.
 * @throws SystemError EINVAL for mappings {@link checkIdMap} refuses
 * @see user_namespaces(7)
 * @example
 * formatIdMap([{ containerId: 0, hostId: 1000, size: 1 }]); // '0 1000 1\n'
 */
export function formatIdMap(mappings: readonly IdMapping[]): string {
  checkIdMap(mappings);
  return textOf(mappings);
}

/** Whether the kernel takes a map of so many lines and so long a text, in one write as it must be. */
export function fitsIdMap(mappings: readonly IdMapping[]): boolean {
  return mappings.length <= MAX_MAP_LINES && textOf(mappings).length < TEXT_END;
}

function textOf(mappings: readonly IdMapping[]): string {
  return mappings.map(({ containerId, hostId, size }) => `${containerId} ${hostId} ${size}\n`).join('');
}

/**
 * Reads the text of /proc/PID/uid_map or gid_map. A namespace without a map gives an empty list.
 * @throws SystemError EINVAL for a line that is not three numbers
 * @see user_namespaces(7)
 * @example
 * parseIdMap('         0       1000          1\n'); // [{ containerId: 0, hostId: 1000, size: 1 }]
 */
export function parseIdMap(text: string): IdMapping[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line);
      if (!match) throw refuse(`${JSON.stringify(line)} is not a line of an id map`);
      return { containerId: Number(match[1]), hostId: Number(match[2]), size: Number(match[3]) };
    });
}

/**
 * Checks a map by the kernel's rules, so that the error can say what is wrong where the kernel says EINVAL.
 * @throws SystemError EINVAL: no line, more than 340 or 4095 bytes of text, a size of 0, ids beyond 2^32-2, ranges that overlap on either side
 * @see user_namespaces(7)
 * @example
 * checkIdMap([{ containerId: 0, hostId: 100000, size: 65536 }]);
 */
export function checkIdMap(mappings: readonly IdMapping[]): void {
  if (mappings.length === 0) throw refuse('the id map is empty');
  if (!fitsIdMap(mappings))
    throw refuse(
      `the id map has ${mappings.length} lines in ${textOf(mappings).length} bytes and the kernel takes at most ${MAX_MAP_LINES} lines in ${TEXT_END - 1} bytes`,
      'join ranges that follow each other',
    );
  for (const mapping of mappings) checkRange(mapping);
  checkOverlap(mappings, 'containerId');
  checkOverlap(mappings, 'hostId');
}

function checkRange(mapping: IdMapping): void {
  const { containerId, hostId, size } = mapping;
  const isId = (id: number): boolean => Number.isInteger(id) && id >= 0 && id < ID_END;
  if (!Number.isInteger(size) || size < 1) throw refuse(`${show(mapping)}: the size must be at least 1`);
  if (!isId(containerId) || !isId(hostId)) throw refuse(`${show(mapping)}: an id is a number from 0 to ${ID_END - 1}`);
  if (containerId + size > ID_END || hostId + size > ID_END)
    throw refuse(`${show(mapping)}: the range goes beyond the largest id, ${ID_END - 1}`);
}

function checkOverlap(mappings: readonly IdMapping[], side: 'containerId' | 'hostId'): void {
  const sorted = mappings.toSorted((one, other) => one[side] - other[side]);
  sorted.forEach((mapping, index) => {
    const next = sorted[index + 1];
    if (!next || mapping[side] + mapping.size <= next[side]) return;
    const whose = side === 'hostId' ? 'of the host' : 'of the container';
    throw refuse(`${show(mapping)} and ${show(next)} both map id ${next[side]} ${whose}`, 'map each id once');
  });
}

function show({ containerId, hostId, size }: IdMapping): string {
  return `'${containerId} ${hostId} ${size}'`;
}

function refuse(text: string, hint = 'give mappings as containerId, hostId, size'): SystemError {
  return new SystemError({ code: 'EINVAL', syscall: 'write', path: 'id map', text, hint });
}
