import type { Resource } from '@coracle/cgroups';
import { type Check, check } from './check.ts';
import type { HostFacts } from './host-facts.ts';

const OPTION: Readonly<Record<Resource, string>> = { pids: '--pids-limit', memory: '--memory', cpus: '--cpus' };
const RESOURCES: readonly Resource[] = ['pids', 'memory', 'cpus'];

const UNIFIED: Readonly<Record<HostFacts['distribution'], string>> = {
  debian:
    "sudo sed -i 's/^GRUB_CMDLINE_LINUX=\"/&systemd.unified_cgroup_hierarchy=1 /' /etc/default/grub && sudo update-grub # then reboot",
  fedora: 'sudo grubby --update-kernel=ALL --args=systemd.unified_cgroup_hierarchy=1 # then reboot',
  other: 'boot with systemd.unified_cgroup_hierarchy=1',
};

/** Which cgroup version the machine has. */
export function judgeCgroupVersion({ cgroup: { version } }: Pick<HostFacts, 'cgroup'>): Check {
  const needed = 'control groups, for limits and usage figures; version 2 is best';
  if (version === 'none')
    return check('cgroups', needed, {
      status: 'warning',
      found: 'no cgroup file system is mounted',
      fix: 'sudo mount -t cgroup2 cgroup2 /sys/fs/cgroup',
    });
  const words = { v1: 'version 1', v2: 'version 2', hybrid: 'version 1, with version 2 beside it (hybrid)' };
  return check('cgroups', needed, { status: 'ok', found: words[version] });
}

/** Which limits this user can set: exactly those that `run` would set; a line for each reason that keeps others from it. */
export function judgeLimits(facts: HostFacts): Check[] {
  const { version, resources } = facts.cgroup;
  if (version === 'none') return [];
  const needed = `the controllers of ${RESOURCES.join(', ')}, for ${Object.values(OPTION).join(', ')}`;
  const lacking = new Map<string, { options: string[]; fix: string }>();
  for (const resource of RESOURCES) {
    const available = resources[resource];
    if (available.version !== undefined) continue;
    const { options } = lacking.get(available.reason) ?? { options: [] };
    lacking.set(available.reason, { options: [...options, OPTION[resource]], fix: fixFor(facts, available.fix) });
  }
  if (lacking.size === 0)
    return [check('limits', needed, { status: 'ok', found: `${RESOURCES.join(', ')} can be limited` })];
  return [...lacking].map(([reason, { options, fix }]) =>
    check('limits', needed, { status: 'warning', found: `no ${options.join(', ')}: ${reason}`, fix }),
  );
}

/** An ordinary user of version 1 needs version 2, and how to boot with it depends on the distribution. */
function fixFor({ cgroup, user, distribution }: HostFacts, fix: string): string {
  return cgroup.version !== 'v2' && user.uid !== 0 ? UNIFIED[distribution] : fix;
}
