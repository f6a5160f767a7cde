import type { FileOperation, Limits } from '@coracle/cgroups-core';
import { need } from './need.ts';
import type { Place } from './place.ts';

/** The limit on memory; version 1 writes no limit as -1. @see the kernel's cgroup-v1/memory documentation */
export function planMemory({ memory }: Limits, place: Place): FileOperation[] {
  if (memory === undefined) return [];
  const value = memory === 'max' ? '-1' : String(memory);
  return [
    {
      kind: 'write',
      path: need(place, 'memory', 'memory.limit_in_bytes'),
      value,
      why: `allow ${memory} bytes of memory`,
    },
  ];
}
