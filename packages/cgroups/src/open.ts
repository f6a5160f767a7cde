import { posix } from 'node:path';
import type { Group } from '@coracle/cgroups-core';
import { CgroupV1, CONTROLLERS, type Controller, FURTHER_CONTROLLERS } from '@coracle/cgroups-v1';
import { CgroupV2 } from '@coracle/cgroups-v2';
import type { MountInfo } from '@coracle/mountinfo';
import { cgroupMounts } from './cgroup-mounts.ts';
import { detectAll, type FullMachine } from './detect-all.ts';
import { type Facts, theseFacts } from './facts.ts';
import { PlacedGroup } from './placed-group.ts';

/**
 * A group that was made earlier, or by somebody else, by its directories: one on version 2, one for each hierarchy on version 1,
 * also those that have only a name. Nothing is looked up in them: that they are gone is told by what is done with the group.
 *
 * A unit of systemd's is better taken up by `openManaged` of `@coracle/cgroups/systemd`: systemd may put its own limits in force
 * again.
 * @param facts of another machine, or made up; this machine's if absent
 * @see cgroups(7)
 * @example
 * open(['/sys/fs/cgroup/memory/box', '/sys/fs/cgroup/pids/box']).update({ memory: '128m' });
 */
export function open(directories: readonly string[], { facts = theseFacts() }: { facts?: Facts } = {}): Group {
  const mounts = cgroupMounts(facts.mountinfo);
  const below = (mount: MountInfo | undefined): string | undefined =>
    mount && directories.find((directory) => directory.startsWith(`${mount.mountPoint}/`));
  const place = [...CONTROLLERS, ...FURTHER_CONTROLLERS].flatMap((controller): [Controller, string][] => {
    const hierarchy = mounts.find(({ type, superOptions }) => type === 'cgroup' && superOptions.includes(controller));
    const directory = below(hierarchy);
    return directory === undefined ? [] : [[controller, directory]];
  });
  const mount2 = mounts.find(({ type }) => type === 'cgroup2');
  const unified = below(mount2);
  const placed = [...place.map(([, directory]) => directory), unified];
  return new PlacedGroup({
    v1: place.length === 0 ? undefined : CgroupV1.open(Object.fromEntries(place)),
    v2: unified === undefined ? undefined : CgroupV2.open(unified),
    others: directories.filter((directory) => !placed.includes(directory)),
    machine: () => machineFor(facts, unified?.slice(mount2?.mountPoint.length)),
  });
}

/** The machine as it is seen from the group: an ordinary user may be elsewhere than what is delegated to him, as in the session of a login. */
function machineFor(facts: Facts, path: string | undefined): FullMachine {
  const machine = detectAll(facts);
  if (path === undefined || machine.v2) return machine;
  return detectAll({ ...facts, selfCgroup: `0::${posix.dirname(path)}`, findOwn: undefined });
}
