import { type Group, type Limits, runOperations } from '@coracle/cgroups-core';
import { CgroupV1 } from '@coracle/cgroups-v1';
import { CgroupV2 } from '@coracle/cgroups-v2';
import { SystemError } from '@coracle/errors';
import { detect, type Machine } from './detect.ts';
import { HybridGroup } from './hybrid-group.ts';
import { placeBelow, plan, withoutDevices } from './plan.ts';

/**
 * Makes a group on whichever version the machine has.
 * @param name of directories below the caller's own group
 * @throws SystemError EINVAL for limits that cannot be meant; EOPNOTSUPP for one that cannot be had here; EACCES, EPERM, EBUSY
 * @example
 * await using box = create('box', { pids: 20, memory: 64n << 20n });
 * box.add(4711); // a child's: the end of the scope kills it
 */
export function create(name: string, limits: Limits = {}, { machine = detect() }: { machine?: Machine } = {}): Group {
  const planned = plan({ machine, name, limits });
  if (!planned) {
    const { reason, fix } = {
      reason: 'no group could be made',
      fix: 'be root, or have a group of version 2 delegated to you',
      ...machine.resources.pids,
    };
    throw new SystemError({ code: 'EOPNOTSUPP', syscall: 'mkdir', path: name, text: reason, hint: fix });
  }
  runOperations(planned.create);
  const v1 = (): Group => CgroupV1.open(placeBelow(withoutDevices(machine.v1), name));
  const v2 = (): Group => CgroupV2.open(planned.joinDirectory ?? '');
  if (planned.version === 'hybrid') return new HybridGroup({ v1: v1(), v2: v2(), resources: machine.resources });
  return planned.version === 'v1' ? v1() : v2();
}
