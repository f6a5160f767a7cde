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

/**
 * The limits on memory and on swap: what is allowed together less what is allowed of memory.
 * @see the kernel's cgroup-v2 documentation, "Memory"
 */
export function planMemoryMax(limits: Limits, directory: string): FileOperation[] {
  const { max, maxWithSwap } = memoryLimits(limits);
  const swap = typeof maxWithSwap === 'bigint' && typeof max === 'bigint' ? maxWithSwap - max : maxWithSwap;
  return [
    ...(swap === undefined ? [] : [limitSwap(swap, directory)]),
    ...(max === undefined ? [] : [setFile(`${directory}/memory.max`, String(max), `allow ${max} bytes of memory`)]),
  ];
}

function limitSwap(bytes: Amount, directory: string): FileOperation {
  return setFile(`${directory}/${SWAP_LIMIT}`, String(bytes), `allow ${bytes} bytes of swap`);
}

/** There only where the kernel counts swap, and never in the topmost group. */
export const SWAP_LIMIT = 'memory.swap.max';

/**
 * Everything about memory. Swap is limited before memory: what no longer fits is to stay within both.
 * @throws SystemError EINVAL for a limit on memory and swap together where memory has none; EBUSY for `checkBeforeUpdate` and
 *   a limit below what is in use
 * @see the kernel's cgroup-v2 documentation, "Memory"
 */
export function planMemory(memory: MemoryResources<Amount>, directory: string, read: ReadFile): FileOperation[] {
  const set = (file: string, value: Amount | undefined, why: string): FileOperation[] =>
    value === undefined ? [] : [setFile(`${directory}/${file}`, String(value), why)];
  const { max, high, min, low, zswapMax, zswapWriteback, oomGroup } = memory;
  if (memory.checkBeforeUpdate) checkUse(memory, directory, read);
  const swap = swapOf(memory, directory, read);
  return [
    ...(swap === undefined || isNoSwap(swap, directory, read) ? [] : [limitSwap(swap, directory)]),
    ...set('memory.zswap.max', zswapMax, `allow ${zswapMax} bytes of compressed memory`),
    ...set('memory.zswap.writeback', bit(zswapWriteback), 'say whether compressed memory may go on to the swap device'),
    ...set('memory.min', min, `never take back ${min} bytes of memory`),
    ...set('memory.low', low, `leave it ${low} bytes when memory is short`),
    ...set('memory.high', high, `slow it down above ${high} bytes of memory`),
    ...planMemoryMax(max === undefined ? {} : { memory: max }, directory),
    ...set('memory.oom.group', bit(oomGroup), oomGroup ? 'kill the group as one' : 'kill single processes'),
  ];
}

function bit(value: boolean | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}

/** A kernel that does not count swap gives none and has no file: 0 and no limit are kept by doing nothing. */
function isNoSwap(swap: Amount, directory: string, read: ReadFile): boolean {
  const isThere = read(`${directory}/memory.max`) !== undefined;
  return isThere && (swap === 0n || swap === 'max') && read(`${directory}/${SWAP_LIMIT}`) === undefined;
}

/** Version 2 limits swap alone: what is allowed together less what is allowed of memory. */
function swapOf(
  { max, maxWithSwap, swapMax }: MemoryResources<Amount>,
  directory: string,
  read: ReadFile,
): Amount | undefined {
  if (maxWithSwap === undefined || maxWithSwap === 'max') return swapMax ?? maxWithSwap;
  const base = max ?? parseNumber(read(`${directory}/memory.max`)) ?? 'max';
  if (base !== 'max' && base <= maxWithSwap) return maxWithSwap - base;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'limit',
    path: 'memory.maxWithSwap',
    text:
      base === 'max'
        ? 'version 2 limits swap alone, and the limit on memory is not known'
        : `${maxWithSwap} for memory and swap together is less than ${base} for memory alone`,
    hint: 'write memory.max too, or memory.swapMax instead',
  });
}

/** The kernel would kill what is in the way. */
function checkUse({ max, maxWithSwap }: MemoryResources<Amount>, directory: string, read: ReadFile): void {
  const used = (file: string): bigint => parseNumber(read(`${directory}/${file}`)) ?? 0n;
  const memory = used('memory.current');
  refuseBelow('memory.max', max, memory);
  refuseBelow('memory.maxWithSwap', maxWithSwap, memory + used('memory.swap.current'));
}

function refuseBelow(path: string, limit: Amount | undefined, used: bigint): void {
  if (limit === undefined || limit === 'max' || used <= limit) return;
  throw new SystemError({
    code: 'EBUSY',
    syscall: 'limit',
    path,
    text: `${used} bytes are in use, more than the limit of ${limit}`,
    hint: 'end processes first, or allow more; without memory.checkBeforeUpdate the kernel takes memory back, or kills',
  });
}
