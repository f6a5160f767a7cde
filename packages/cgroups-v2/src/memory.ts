import type { FileOperation, Limits } from '@coracle/cgroups-core';

/** The limit on memory. @see the kernel's cgroup-v2 documentation, "Memory" */
export function planMemory({ memory }: Limits, directory: string): FileOperation[] {
  if (memory === undefined) return [];
  return [
    { kind: 'write', path: `${directory}/memory.max`, value: String(memory), why: `allow ${memory} bytes of memory` },
  ];
}
