import type { StatsFiles } from '@coracle/cgroups-core';

/** Where each number stands on version 1; the first word of a file is its controller. */
export function statsFiles(): StatsFiles {
  const [times, limit, kinds] = [['cpuacct.stat'], ['cpu.stat'], ['memory.stat']];
  return {
    cpu: {
      usageNanoseconds: ['cpuacct.usage'],
      userNanoseconds: times,
      systemNanoseconds: times,
      periods: limit,
      throttledPeriods: limit,
      throttledNanoseconds: limit,
      burstPeriods: limit,
      burstNanoseconds: limit,
    },
    memory: {
      currentBytes: ['memory.usage_in_bytes'],
      workingSetBytes: ['memory.usage_in_bytes', 'memory.stat'],
      peakBytes: ['memory.max_usage_in_bytes'],
      limitBytes: ['memory.limit_in_bytes'],
      // Not memory.memsw less memory: two counters that are charged in batches, and never read at the same moment.
      swapBytes: kinds,
      anonymousBytes: kinds,
      fileBytes: kinds,
      kernelBytes: ['memory.kmem.usage_in_bytes'],
      oomKills: ['memory.oom_control'],
      limitHits: ['memory.failcnt'],
      highHits: [],
    },
    pids: { current: ['pids.current'], limit: ['pids.max'], peak: ['pids.peak'], limitHits: ['pids.events'] },
    io: ['blkio.throttle.io_service_bytes_recursive', 'blkio.throttle.io_serviced_recursive'],
    hugetlb: ['hugetlb.*.usage_in_bytes', 'hugetlb.*.max_usage_in_bytes', 'hugetlb.*.failcnt'],
    rdma: ['rdma.current'],
    misc: ['misc.current', 'misc.peak', 'misc.events'],
    pressure: { cpu: [], memory: [], io: [], irq: [] },
  };
}
