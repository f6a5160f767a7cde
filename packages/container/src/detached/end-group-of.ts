import { endGroup } from '../oci/end-group.ts';
import type { ContainerRecord } from './record.ts';
import { endUnitOf, isOfOthers } from './systemd/life-of-unit.ts';

/**
 * Ends all that lives in a container's cgroup and removes it, and the unit that it is to systemd. A unit of its name that somebody else
 * has made, before this container got so far or since it has ended, is left alone.
 * @throws SystemError as `endGroup`; what systemd answers
 */
export async function endGroupOf({ cgroups, unit }: Pick<ContainerRecord, 'cgroups' | 'unit'>): Promise<void> {
  if (unit && (await isOfOthers(unit))) return;
  await endGroup(cgroups);
  if (unit) await endUnitOf(unit);
}
