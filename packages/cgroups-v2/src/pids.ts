import { type FileOperation, type Limits, setFile } from '@coracle/cgroups-core';

/** The limit on processes and threads. @see the kernel's cgroup-v2 documentation, "PID" */
export function planPids({ pids }: Pick<Limits, 'pids'>, directory: string): FileOperation[] {
  if (pids === undefined) return [];
  return [setFile(`${directory}/pids.max`, String(pids), `allow ${pids} processes`)];
}
