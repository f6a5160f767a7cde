import type { Facts } from './facts.ts';
import type { Obstacle } from './obstacle.ts';

/** Version 2 may have these without a line for them: since Linux 6.11 the file is silent on what was built for version 2 alone. */
const UNSAID_ON_V2: readonly string[] = ['memory', 'cpuset'];

/** What builds each controller of version 1 into a kernel. */
const OPTIONS: Readonly<Record<string, string>> = {
  pids: 'CONFIG_CGROUP_PIDS',
  memory: 'CONFIG_MEMCG_V1 (before Linux 6.11: CONFIG_MEMCG)',
  cpu: 'CONFIG_CGROUP_SCHED',
  cpuset: 'CONFIG_CPUSETS_V1 (before Linux 6.12: CONFIG_CPUSETS)',
  blkio: 'CONFIG_BLK_CGROUP',
  hugetlb: 'CONFIG_CGROUP_HUGETLB',
  rdma: 'CONFIG_CGROUP_RDMA',
  misc: 'CONFIG_CGROUP_MISC',
  net_cls: 'CONFIG_CGROUP_NET_CLASSID',
  net_prio: 'CONFIG_CGROUP_NET_PRIO',
  devices: 'CONFIG_CGROUP_DEVICE',
};

/** A controller as the kernel has it. */
export interface KernelController {
  /** Of the hierarchy of version 1 that has it; 0 where it is free, or on version 2. */
  hierarchy: number;
  isEnabled: boolean;
}

/**
 * The text of /proc/cgroups: the controllers that the kernel was built with for version 1, mounted or not. Lines that are not understood are passed over.
 * @see cgroups(7), "/proc/cgroups"
 */
export function parseKernelControllers(text: string): Map<string, KernelController> {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return new Map(
    lines.flatMap((line) => {
      const [, name, hierarchy, enabled] = /^(\S+)\s+(\d+)\s+\d+\s+([01])$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, { hierarchy: Number(hierarchy), isEnabled: enabled === '1' }]];
    }),
  );
}

/**
 * Why a controller cannot be had on a version however that is mounted; `undefined` where the kernel has it, or does not say.
 * @param name on version 1
 */
export function notInKernel(name: string, version: 1 | 2, { read }: Pick<Facts, 'read'>): Obstacle | undefined {
  const all = parseKernelControllers(read('/proc/cgroups') ?? '');
  if (all.size === 0) return undefined;
  const { isEnabled } = all.get(name) ?? {};
  if (isEnabled === undefined) {
    if (version === 2 && UNSAID_ON_V2.includes(name)) return undefined;
    return {
      reason: `this kernel has no controller ${name}`,
      fix: `a kernel with ${OPTIONS[name] ?? 'it'}, which has a line for ${name} in /proc/cgroups`,
    };
  }
  if (isEnabled) return undefined;
  return {
    reason: `the controller ${name} was switched off when the kernel was booted`,
    fix: `boot without cgroup_disable=${name} (Debian, Raspberry Pi OS: with cgroup_enable=${name})`,
  };
}

/** The number of the hierarchy of version 1 that has a controller, mounted here or not; 0 where it is free, or on version 2. */
export function hierarchyOf(name: string, { read }: Pick<Facts, 'read'>): number {
  return parseKernelControllers(read('/proc/cgroups') ?? '').get(name)?.hierarchy ?? 0;
}

/** A controller, with those that are in its hierarchy as well. */
export function controllersBeside(name: string, facts: Pick<Facts, 'read'>): string[] {
  const own = hierarchyOf(name, facts);
  if (own === 0) return [name];
  const all = parseKernelControllers(facts.read('/proc/cgroups') ?? '');
  return [...all].filter(([, { hierarchy }]) => hierarchy === own).map(([one]) => one);
}

/** What of a kernel's command line keeps a controller from version 1, as `cgroup_no_v1=all` does; `undefined` where nothing does. */
export function keptFromV1(name: string, { read }: Pick<Facts, 'read'>): string | undefined {
  const words = (read('/proc/cmdline') ?? '').split(/\s+/).filter((word) => word.startsWith('cgroup_no_v1='));
  return words.find((word) =>
    word
      .slice(word.indexOf('=') + 1)
      .split(',')
      .some((one) => one === 'all' || one === name),
  );
}
