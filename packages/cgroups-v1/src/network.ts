import { type FileOperation, type NetworkResources, setFile } from '@coracle/cgroups-core';
import { need } from './need.ts';
import type { Place } from './place.ts';

/** Marks on network packets. @see the kernel's cgroup-v1/net_cls and net_prio documentation */
export function planNetwork({ classId, priorities = {} }: NetworkResources, place: Place): FileOperation[] {
  return [
    ...(classId === undefined
      ? []
      : [
          setFile(need(place, 'net_cls', 'net_cls.classid'), String(classId), `mark packets with the class ${classId}`),
        ]),
    ...Object.entries(priorities).map(([name, priority]) =>
      setFile(
        need(place, 'net_prio', 'net_prio.ifpriomap'),
        `${name} ${priority}`,
        `send through ${name} with the priority ${priority}`,
      ),
    ),
  ];
}
