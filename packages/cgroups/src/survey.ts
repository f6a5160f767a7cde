import { existsSync } from 'node:fs';
import { CONTROLLERS, FURTHER_CONTROLLERS } from '@coracle/cgroups-v1';
import { isReadOnly, type MountInfo } from '@coracle/mountinfo';
import type { Availability } from './availability.ts';
import { cgroupMounts } from './cgroup-mounts.ts';
import type { Machine } from './detect.ts';
import { CONTROLLER_NAMES, type ControllerName, detectAll } from './detect-all.ts';
import { type Facts, theseFacts } from './facts.ts';
import { ownGroups } from './hierarchy.ts';

/** What a survey asks of the machine beside what detection asks. */
export interface SurveyFacts extends Facts {
  /** Whether there is such a path. */
  exists(path: string): boolean;
}

/** One hierarchy that is mounted. */
export interface SurveyedMount {
  version: 1 | 2;
  mountPoint: string;
  /** On version 2 those of the group that is shown at its top. */
  controllers: readonly string[];
  isReadOnly: boolean;
  /** Whether the caller may make groups in its own group there. */
  isWritable: boolean;
}

/** One controller, what it can limit, and whether the caller can. */
export type SurveyedController = { name: ControllerName; limits: string } & Availability;

/** What a machine has of control groups, and what the caller can do with it: plain data, ready for JSON. */
export interface Survey {
  version: Machine['version'];
  mounts: readonly SurveyedMount[];
  controllers: readonly SurveyedController[];
  /** Rules for devices. */
  devices: Availability;
  /** The groups below which {@link create} makes its own. */
  buildsBelow: readonly string[];
  /** Whether process 1 is systemd, which then has the upper part of the tree for itself. */
  systemd: boolean;
}

/** What each controller limits, in words. */
const LIMITS: Readonly<Record<ControllerName, string>> = {
  pids: 'how many processes and threads there are',
  memory: 'memory and swap',
  cpu: 'processor time: quota, burst, shares',
  cpuset: 'which processors and memory nodes are used',
  io: 'how fast disks are read and written, and whose turn comes first',
  hugetlb: 'huge pages',
  rdma: 'handles and objects of RDMA devices',
  misc: 'what the machine counts beside: encrypted machines, for example',
  net_cls: 'the mark on network packets',
  net_prio: 'the priority of network packets',
};

/**
 * Looks at what there is: which hierarchies are mounted, which version each controller is on, what the caller can limit, and
 * why not the rest. {@link describe} says it in words.
 * @param facts of another machine, or made up; this machine's if absent
 * @throws SystemError EACCES
 * @see cgroups(7)
 * @example
 * console.log(JSON.stringify(survey()));
 */
export function survey(facts: SurveyFacts = { ...theseFacts(), exists: existsSync }): Survey {
  const machine = detectAll(facts);
  const v2 = machine.v2 ? [machine.v2.parent] : [];
  return {
    version: machine.version,
    mounts: mountsOf(facts),
    controllers: CONTROLLER_NAMES.map((name) => ({ name, limits: LIMITS[name], ...machine.controllers[name] })),
    devices: machine.devices,
    buildsBelow: [...new Set([...Object.values(machine.hierarchies), ...v2])],
    systemd: isSystemd(facts),
  };
}

/**
 * Whether process 1 is systemd: it makes this directory before anything else.
 * @see sd_booted(3)
 */
export function isSystemd({ exists }: Pick<SurveyFacts, 'exists'>): boolean {
  return exists('/run/systemd/system');
}

function mountsOf(facts: Facts): SurveyedMount[] {
  const all = [...CONTROLLERS, ...FURTHER_CONTROLLERS];
  const own = ownGroups(facts, all);
  return cgroupMounts(facts.mountinfo).flatMap((mount): SurveyedMount[] => {
    const { mountPoint } = mount;
    if (mount.type === 'cgroup2') {
      const controllers = (facts.read(`${mountPoint}/cgroup.controllers`) ?? '').split(/\s+/).filter(Boolean);
      const directory = own.v2?.mountPoint === mountPoint ? own.v2.directory : mountPoint;
      return [{ version: 2, mountPoint, controllers, ...access(mount, directory, facts) }];
    }
    if (mount.type !== 'cgroup') return [];
    const controllers = controllersOf(mount);
    const [directory = mountPoint] = all.flatMap((one) => (controllers.includes(one) ? (own.v1[one] ?? []) : []));
    return [{ version: 1, mountPoint, controllers, ...access(mount, directory, facts) }];
  });
}

/** Among the options of the mount are flags, and names without a controller: `name=systemd`. */
function controllersOf({ superOptions }: MountInfo): string[] {
  const flags = ['rw', 'ro', 'xattr', 'noprefix', 'clone_children', 'cpuset_v2_mode'];
  return superOptions.filter((option) => !flags.includes(option) && !option.startsWith('release_agent='));
}

function access(
  mount: MountInfo,
  directory: string,
  { isWritable }: Facts,
): Pick<SurveyedMount, 'isReadOnly' | 'isWritable'> {
  return { isReadOnly: isReadOnly(mount), isWritable: isWritable(directory) };
}
