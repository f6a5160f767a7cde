import type { FileOperation, Limits } from '@coracle/cgroups-core';
import { need } from './need.ts';
import type { Place } from './place.ts';

/** The limit on processes and threads. @see the kernel's cgroup-v1/pids documentation */
export function planPids({ pids }: Limits, place: Place): FileOperation[] {
  if (pids === undefined) return [];
  return [
    { kind: 'write', path: need(place, 'pids', 'pids.max'), value: String(pids), why: `allow ${pids} processes` },
  ];
}
