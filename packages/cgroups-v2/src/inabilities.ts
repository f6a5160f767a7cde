import type { Inabilities } from '@coracle/cgroups-core';

const NETFILTER = 'match the group in nftables (socket cgroupv2), or attach an eBPF program to it';

/** What version 2 cannot do, and what to ask for instead. What holds anyway is none of it. */
export const INABILITIES: Inabilities = {
  'memory.swappiness': { alternative: 'memory.swapMax limits swap, and 0 forbids it' },
  'memory.kernelMax': { alternative: "memory.max counts the kernel's memory too", unless: 'max' },
  'memory.kernelTcpMax': { alternative: 'memory.max counts the buffers for TCP too', unless: 'max' },
  'memory.disableOomKiller': { alternative: 'memory.high slows processes down before any is killed', unless: false },
  'memory.useHierarchy': { alternative: 'leave it out: the groups below always count', unless: true },
  'cpu.realtimeRuntimeUsec': { alternative: 'cpu.shares gives it more of the time that is not real time' },
  'cpu.realtimePeriodUsec': { alternative: 'cpu.shares gives it more of the time that is not real time' },
  'io.leafWeight': { alternative: 'io.weight' },
  'io.devices.leafWeight': { alternative: 'io.devices.weight' },
  'network.classId': { alternative: NETFILTER },
  'network.priorities': { alternative: NETFILTER },
};
