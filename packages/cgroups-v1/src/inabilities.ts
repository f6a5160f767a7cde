import type { Inabilities } from '@coracle/cgroups-core';

/** What version 1 cannot do, and what to ask for instead. */
export const INABILITIES: Inabilities = {
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
