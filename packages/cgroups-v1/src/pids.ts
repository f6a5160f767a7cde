import { type FileOperation, type Limits, setFile } from '@coracle/cgroups-core';
import { need } from './need.ts';
import type { Place } from './place.ts';

/** The limit on processes and threads. @see the kernel's cgroup-v1/pids documentation */
export function planPids({ pids }: Pick<Limits, 'pids'>, place: Place): FileOperation[] {
  if (pids === undefined) return [];
  return [setFile(need(place, 'pids', 'pids.max'), String(pids), `allow ${pids} processes`)];
}
