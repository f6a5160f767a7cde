import type { FileOperation, Limits } from '@coracle/cgroups-core';

/** The limit on processes and threads. @see the kernel's cgroup-v2 documentation, "PID" */
export function planPids({ pids }: Limits, directory: string): FileOperation[] {
  if (pids === undefined) return [];
  return [{ kind: 'write', path: `${directory}/pids.max`, value: String(pids), why: `allow ${pids} processes` }];
}
