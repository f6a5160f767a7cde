import { type DoorOptions, killAsBorn, readValue, writeValue } from '@coracle/cgroups-core';
import { freezeBriefly } from './freeze.ts';
import { freezerAt, thawTree } from './freezer.ts';
import type { Place } from './place.ts';

/** What is to be killed, and where. */
export interface Victims {
  place: Place;
  processes(): number[];
  door: DoorOptions;
}

/**
 * Kills all that is in a group of version 1 now, so that a fork bomb does not get away: frozen processes have no children;
 * without a freezer, those who may not have any have none; without either they are killed as fast as they are born.
 * @throws the error of kill(2): EPERM for somebody else's process
 * @example
 * killOnce({ place: { pids: '/sys/fs/cgroup/pids/box' }, processes: () => listProcesses('/sys/fs/cgroup/pids/box'), door: {} });
 */
export function killOnce({ place: { freezer, pids }, processes, door }: Victims): void {
  if (freezer !== undefined) killFrozen(freezer, { processes, door });
  else if (pids !== undefined) killChildless(pids, { processes, door });
  else killAsBorn(processes);
}

type Rest = Omit<Victims, 'place'>;

function killFrozen(directory: string, { processes, door }: Rest): void {
  freezeBriefly(freezerAt(directory, door));
  try {
    killAsBorn(processes);
  } finally {
    // A frozen process does not even die; and what may not be killed must not stay frozen.
    thawTree(directory, door);
  }
}

/** The limit is put back: the group lives on, empty. */
function killChildless(directory: string, { processes, door }: Rest): void {
  const file = `${directory}/pids.max`;
  const limit = readValue(file)?.trim();
  writeValue(file, '0', door);
  try {
    killAsBorn(processes);
  } finally {
    if (limit !== undefined) writeValue(file, limit, door);
  }
}
