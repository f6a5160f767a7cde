import type { StatsFiles } from '@coracle/cgroups-core';

/** Where each number stands on version 2. */
export function statsFiles(): StatsFiles {
  const [cpu, kinds, events] = [['cpu.stat'], ['memory.stat'], ['memory.events']];
  return {
    cpu: {
      usageNanoseconds: cpu,
      userNanoseconds: cpu,
      systemNanoseconds: cpu,
      periods: cpu,
      throttledPeriods: cpu,
      throttledNanoseconds: cpu,
      burstPeriods: cpu,
      burstNanoseconds: cpu,
    },
    memory: {
      currentBytes: ['memory.current'],
      workingSetBytes: ['memory.current', 'memory.stat'],
      peakBytes: ['memory.peak'],
      limitBytes: ['memory.max'],
      swapBytes: ['memory.swap.current'],
      anonymousBytes: kinds,
      fileBytes: kinds,
      kernelBytes: kinds,
      oomKills: events,
      limitHits: events,
      highHits: events,
    },
    pids: { current: ['pids.current'], limit: ['pids.max'], peak: ['pids.peak'], limitHits: ['pids.events'] },
    io: ['io.stat'],
    hugetlb: ['hugetlb.*.current', 'hugetlb.*.events'],
    rdma: ['rdma.current'],
    misc: ['misc.current', 'misc.peak', 'misc.events'],
    pressure: { cpu: ['cpu.pressure'], memory: ['memory.pressure'], io: ['io.pressure'], irq: ['irq.pressure'] },
  };
}
