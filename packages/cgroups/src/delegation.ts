import type { Facts } from './facts.ts';
import type { OwnGroups } from './hierarchy.ts';
import { type Obstacle, readOnly } from './obstacle.ts';

/** A group of version 2 below which the caller can make its own. */
export interface Parent {
  parent: string;
  /** What it can hand down. */
  controllers: readonly string[];
  /** Whether it is the top of the kernel's whole tree, which may have processes and limited children. */
  isRoot: boolean;
}

/**
 * The group to build below: the top of the tree where the caller may change it, otherwise the closest group at or above the
 * caller's own that belongs to it. It must have no processes of its own, since the kernel lets only the top have both
 * processes and children with controllers. Nobody's processes are moved to make that so: what to do is said instead.
 * @see cgroups(7), "Cgroups delegation: delegating a hierarchy to a less privileged user"
 */
export function findParent(own: NonNullable<OwnGroups['v2']>, facts: Facts): Parent | Obstacle {
  if (own.isReadOnly) return readOnly(own.mountPoint);
  const ours = candidates(own, facts).filter((group) => isOurs(group, facts));
  for (const parent of ours) {
    const isRoot = isTopOfTree(parent, own.top, facts);
    if (isRoot || processesIn(parent, facts).length === 0) {
      return { parent, isRoot, controllers: words(facts.read(`${parent}/cgroup.controllers`)) };
    }
  }
  const [crowded] = ours;
  return crowded === undefined ? notDelegated(own, facts) : hasProcesses(crowded, facts);
}

/** The top first, for root; then from the caller's own group upwards. */
function candidates({ directory, top }: NonNullable<OwnGroups['v2']>, { isWritable }: Facts): string[] {
  const groups: string[] = [];
  for (let at = directory; at.length > top.length; at = at.slice(0, at.lastIndexOf('/'))) groups.push(at);
  return isWritable(`${top}/cgroup.procs`) ? [top, ...groups] : groups;
}

/** To divide a group it takes its directory, and the two files that systemd hands over with a group. */
function isOurs(group: string, { isWritable }: Facts): boolean {
  return [group, `${group}/cgroup.procs`, `${group}/cgroup.subtree_control`].every(isWritable);
}

/** Every group but the top of the tree has cgroup.events; a container sees its own group where the top would be. */
function isTopOfTree(group: string, top: string, { read }: Facts): boolean {
  return group === top && read(`${group}/cgroup.events`) === undefined;
}

function processesIn(group: string, { read }: Facts): string[] {
  return words(read(`${group}/cgroup.procs`));
}

function words(text = ''): string[] {
  return text.split(/\s+/).filter(Boolean);
}

function hasProcesses(group: string, facts: Facts): Obstacle {
  const pids = processesIn(group, facts);
  const named = pids.length > 5 ? `${pids.slice(0, 5).join(', ')} and ${pids.length - 5} more` : pids.join(', ');
  // Without a word about the process that lists them, which is gone when its turn comes.
  return {
    reason: `the group ${group} is yours, but has processes of its own (${named})`,
    fix: `move them into a leaf: mkdir -p ${group}/leaf && for pid in $(cat ${group}/cgroup.procs); do echo $pid > ${group}/leaf/cgroup.procs; done 2>/dev/null`,
  };
}

function notDelegated({ directory, mountPoint }: NonNullable<OwnGroups['v2']>, { read }: Facts): Obstacle {
  const reason = `no group of version 2 is delegated to you (yours is ${directory})`;
  if (/\.(scope|service|slice)(\/|$)/.test(directory)) {
    return { reason, fix: 'start the command with systemd-run --user --scope -p Delegate=yes COMMAND' };
  }
  const mine = `${mountPoint}/mine`;
  const files = ['', '/cgroup.procs', '/cgroup.threads', '/cgroup.subtree_control', '/shell', '/shell/cgroup.procs'];
  // Beside hierarchies of version 1 it has only what those leave, and the kernel refuses a list with a name that it has not.
  const offered = words(read(`${mountPoint}/cgroup.controllers`)).map((controller) => `+${controller}`);
  // In double quotes: the caller's own shell puts in its user and its pid.
  const script = [
    `mkdir -p ${mine}/shell`,
    ...(offered.length > 0 ? [`echo ${offered.join(' ')} > ${mountPoint}/cgroup.subtree_control`] : []),
    `chown $(id -u) ${files.map((file) => mine + file).join(' ')}`,
    `echo $$ > ${mine}/shell/cgroup.procs`,
  ].join(' && ');
  return { reason, fix: `sudo sh -c "${script}"` };
}
