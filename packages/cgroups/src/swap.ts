import { LIMIT_WITH_SWAP } from '@coracle/cgroups-v1';
import { SWAP_LIMIT } from '@coracle/cgroups-v2';
import type { Availability, Findings } from './availability.ts';

/**
 * Whether swap can be limited: where memory can be, and the kernel counts it.
 * @param memory the same of memory
 * @returns `undefined` where the kernel has no swap, and each limit on it holds by itself
 */
export function swapAvailability(memory: Availability, findings: Findings): Availability | undefined {
  if (memory.version === undefined || countsSwap(memory.version, findings)) return memory;
  if (findings.read('/proc/swaps') === undefined) return undefined;
  return {
    version: undefined,
    reason: 'the kernel does not count what is swapped out',
    fix: 'boot with swapaccount=1, and without swapaccount=0',
  };
}

function countsSwap(version: 'v1' | 'v2', { v1, v2, read }: Findings): boolean {
  if (version === 'v1') return read(`${v1.memory}/${LIMIT_WITH_SWAP}`) !== undefined;
  const parent = v2 && 'parent' in v2 ? v2.parent : '';
  // The topmost group has no limits at all, and neither has one that got no memory handed down.
  const isSilent = read(`${parent}/memory.max`) === undefined;
  return isSilent
    ? read('/proc/swaps') !== undefined && !isSwitchedOff(read('/proc/cmdline') ?? '')
    : read(`${parent}/${SWAP_LIMIT}`) !== undefined;
}

/** So it is before Linux 6.1; later kernels pass the word over, and then swap is left without a limit where it could have one. */
function isSwitchedOff(commandLine: string): boolean {
  return commandLine.split(/\s+/).includes('swapaccount=0');
}
