import { type Check, check, type Finding } from './check.ts';
import type { HostFacts, LimitController } from './host-facts.ts';

const LIMITS: Readonly<Record<LimitController, string>> = { pids: '--pids-limit', memory: '--memory', cpu: '--cpus' };
const CONTROLLERS: readonly LimitController[] = ['pids', 'memory', 'cpu'];

const DELEGATE =
  "sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | " +
  'sudo tee /etc/systemd/system/user@.service.d/coracle.conf && sudo systemctl daemon-reload # then log in again';
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

/** Which limits this user can set. */
export function judgeLimits(facts: HostFacts): Check[] {
  if (facts.cgroup.version === 'none') return [];
  return [check('limits', 'the controllers pids, memory and cpu, for --pids-limit, --memory and --cpus', find(facts))];
}

function find(facts: HostFacts): Finding {
  const { usable, present } = facts.cgroup;
  const lacking = CONTROLLERS.filter((controller) => !usable.includes(controller));
  if (lacking.length === 0) return { status: 'ok', found: `${CONTROLLERS.join(', ')} can be limited` };
  const options = lacking.map((controller) => LIMITS[controller]).join(', ');
  const absent = lacking.filter((controller) => !present.includes(controller));
  if (absent.length === lacking.length)
    return {
      status: 'warning',
      found: `no ${options}: the kernel has no controller ${absent.join(', ')}`,
      fix: enable(absent),
    };
  return { status: 'warning', found: `no ${options}: ${whose(facts)}`, fix: delegate(facts) };
}

/** Some kernels have the memory controller switched off at boot; the others cannot be had later. */
function enable(absent: readonly LimitController[]): string | undefined {
  return absent.includes('memory') ? 'boot with cgroup_enable=memory (and without cgroup_disable=memory)' : undefined;
}

function whose({ cgroup, user }: HostFacts): string {
  if (user.uid === 0) return 'the cgroup file system is read-only here, as inside another container';
  if (cgroup.version !== 'v2') return 'cgroups of version 1 cannot be given to an ordinary user safely';
  return `they are not delegated to user ${user.name}`;
}

function delegate({ cgroup, user, distribution }: HostFacts): string | undefined {
  if (user.uid === 0)
    return 'start the container around this with a writable cgroup (--privileged, or --cgroupns=private with a rw mount)';
  if (cgroup.version !== 'v2') return UNIFIED[distribution];
  if (!cgroup.systemd) return `sudo chown -R ${user.name} /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)`;
  return cgroup.usable.length === 0 ? 'systemd-run --user --scope -p Delegate=yes coracle run ...' : DELEGATE;
}
