import type { Facts } from '../facts.ts';
import type { Bus } from './bus.ts';
import { managerGroup } from './jobs.ts';
import { type Placed, placesOf } from './unit-group.ts';

/**
 * The controllers that a systemd can put limits in force with: the machine's has all, a user's own those that were delegated to
 * it, which as a rule are `memory`, `pids` and, since systemd 252, `cpu`; on version 1 none. What else it is told it takes and forgets.
 * @see systemd.resource-control(5), "Delegate="
 */
export async function controllersOf(bus: Bus, facts: Facts): Promise<ReadonlySet<string>> {
  const top = await managerGroup(bus);
  const names = placesOf(top, facts).flatMap((place) => controllersAt(place, facts));
  return new Set(names.map((name) => (name === 'blkio' ? 'io' : name)));
}

function controllersAt({ directory, mount }: Placed, { read, isWritable }: Facts): readonly string[] {
  if (mount.type === 'cgroup2') return (read(`${directory}/cgroup.controllers`) ?? '').split(/\s+/);
  return isWritable(directory) ? mount.superOptions : [];
}
