import {
  type Amount,
  type FileOperation,
  type Limits,
  type MemoryResources,
  memoryLimits,
  parseNumber,
  type ReadFile,
  setFile,
} from '@coracle/cgroups-core';
import { SystemError } from '@coracle/errors';
import { need } from './need.ts';
import type { Place } from './place.ts';
import { amountText } from './text.ts';

/**
 * The limits on memory, and on memory with swap, of a group that has none yet: the kernel never lets the second be the smaller one.
 * @see the kernel's cgroup-v1/memory documentation
 */
export function planMemoryMax(limits: Limits, place: Place): FileOperation[] {
  const { max, maxWithSwap } = memoryLimits(limits);
  return [...limitMemory(max, place), ...limitWithSwap(maxWithSwap, place)];
}

function limitMemory(bytes: Amount | undefined, place: Place): FileOperation[] {
  if (bytes === undefined) return [];
  return [setFile(need(place, 'memory', LIMIT), amountText(bytes), `allow ${bytes} bytes of memory`)];
}

function limitWithSwap(bytes: Amount | undefined, place: Place): FileOperation[] {
  if (bytes === undefined) return [];
  const why = `allow ${bytes} bytes of memory and swap together`;
  return [setFile(need(place, 'memory', LIMIT_WITH_SWAP), amountText(bytes), why)];
}

const LIMIT = 'memory.limit_in_bytes';
/** There only where the kernel counts swap. */
export const LIMIT_WITH_SWAP = 'memory.memsw.limit_in_bytes';

/** Above this a limit of the kernel's is none: it writes the largest whole number of pages. */
const UNLIMITED = 2n ** 62n;

/**
 * Everything about memory.
 * @throws SystemError EINVAL for a limit on swap alone where memory has none
 * @see the kernel's cgroup-v1/memory documentation
 */
export function planMemory(memory: MemoryResources<Amount>, place: Place, read: ReadFile): FileOperation[] {
  const set = (file: string, value: Amount | string | undefined, why: string): FileOperation[] =>
    value === undefined ? [] : [setFile(need(place, 'memory', file), amountText(value), why)];
  const { low, kernelMax, kernelTcpMax, swappiness, disableOomKiller, useHierarchy } = memory;
  return [
    ...set('memory.use_hierarchy', bit(useHierarchy), 'count the groups below too'),
    ...planLimits(memory, place, read),
    ...set('memory.soft_limit_in_bytes', low, `leave it ${low} bytes when memory is short`),
    ...set('memory.kmem.limit_in_bytes', kernelMax, `allow ${kernelMax} bytes of the kernel's memory`),
    ...set('memory.kmem.tcp.limit_in_bytes', kernelTcpMax, `allow ${kernelTcpMax} bytes of buffers for TCP`),
    ...set('memory.swappiness', swappiness?.toString(), `swap with a readiness of ${swappiness}`),
    ...set('memory.oom_control', bit(disableOomKiller), disableOomKiller ? 'wait at the limit' : 'kill at the limit'),
  ];
}

function bit(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(Number(value));
}

/**
 * The limits on memory, and on memory with swap, which the kernel never lets be the smaller one: so the larger is raised
 * first, or lowered last.
 */
function planLimits(memory: MemoryResources<Amount>, place: Place, read: ReadFile): FileOperation[] {
  const current = limitOf(read(`${place.memory}/${LIMIT}`));
  const total = totalOf(memory, current ?? 'max');
  const limit = limitMemory(memory.max, place);
  if (total === undefined || (total === 'max' && current !== undefined && !hasSwap(place, read))) return limit;
  const both = limitWithSwap(total, place);
  const isRaised = total === 'max' || (current !== undefined && current !== 'max' && current < total);
  return isRaised ? [...both, ...limit] : [...limit, ...both];
}

/** Where the kernel does not count swap, no limit on it is lifted by doing nothing. */
function hasSwap(place: Place, read: ReadFile): boolean {
  return read(`${place.memory}/${LIMIT_WITH_SWAP}`) !== undefined;
}

function limitOf(text: string | undefined): Amount | undefined {
  const bytes = parseNumber(text);
  return bytes !== undefined && bytes > UNLIMITED ? 'max' : bytes;
}

function totalOf({ max, maxWithSwap, swapMax }: MemoryResources<Amount>, current: Amount): Amount | undefined {
  if (swapMax === undefined || swapMax === 'max') return maxWithSwap ?? swapMax;
  const base = max ?? current;
  if (base !== 'max') return base + swapMax;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'limit',
    path: 'memory.swapMax',
    text: 'version 1 limits swap only together with memory, and the limit on memory is not known',
    hint: 'write memory.max too, or memory.maxWithSwap instead',
  });
}
