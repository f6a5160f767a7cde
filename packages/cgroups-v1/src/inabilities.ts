import type { CheckedResources, Inabilities } from '@coracle/cgroups-core';

/** What version 1 cannot do on any kernel, and what to ask for instead. */
const INABILITIES: Inabilities = {
  'memory.high': { alternative: 'memory.max limits it, memory.low is what is left to it when memory is short' },
  'memory.min': { alternative: 'memory.low is what is left to it when memory is short' },
  'memory.zswapMax': { alternative: 'memory.maxWithSwap limits swap of every kind' },
  'memory.zswapWriteback': { alternative: 'memory.swappiness makes swapping rarer' },
  'memory.oomGroup': { alternative: 'memory.disableOomKiller lets processes wait, so that you can end them yourself' },
  'cpu.weight': { alternative: 'cpu.shares says the same on both versions' },
  'cpu.uclampMin': { alternative: 'cpu.shares gives it more time instead of a higher clock rate' },
  'cpu.uclampMax': { alternative: 'cpu.quotaUsec gives it less time instead of a lower clock rate' },
  'cpuset.partition': { alternative: 'cpuset.cpus gives it processors, which others may use too' },
  'io.devices.latencyUsec': { alternative: 'io.devices.weight or the rates of the others share the disk' },
  unified: { alternative: 'name the resources: the names of files of version 2 mean nothing here' },
};

/** What newer kernels have given up: they refuse it without saying why, or take it and do nothing. */
const GIVEN_UP: readonly { since: readonly [major: number, minor: number]; inabilities: Inabilities }[] = [
  {
    since: [5, 11],
    inabilities: {
      'memory.useHierarchy': {
        reason: 'since Linux 5.11 the groups below always count',
        alternative: 'leave it out',
        unless: true,
      },
    },
  },
  {
    since: [5, 16],
    inabilities: {
      'memory.kernelMax': {
        reason: "since Linux 5.16 the kernel's own memory has no limit of its own",
        alternative: 'memory.max counts it too',
        unless: 'max',
      },
    },
  },
];

/**
 * What version 1 cannot do, on any kernel or on this one. The kernel is asked where that matters alone: a start loads no module for it.
 * @param release of the kernel, as uname(2) gives it; this machine's if absent
 */
export function inabilitiesFor({ memory }: CheckedResources, release?: string): Inabilities {
  if (memory?.useHierarchy === undefined && memory?.kernelMax === undefined) return INABILITIES;
  const kernel = release ?? process.getBuiltinModule('node:os').release();
  const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(kernel)?.map(Number) ?? [];
  const isPast = ([m, n]: readonly [number, number]): boolean => major > m || (major === m && minor >= n);
  return Object.assign(
    {},
    INABILITIES,
    ...GIVEN_UP.filter(({ since }) => isPast(since)).map(({ inabilities }) => inabilities),
  );
}
