import { existsSync } from 'node:fs';
import { open } from '@coracle/cgroups';
import { cannot } from './config-error.ts';
import type { Normalized } from './normalize.ts';

/**
 * Refuses a cgroup that is there and has processes, or stands still: a container in it would never begin, or end with it what is
 * somebody else's. Callers look for runc's words.
 * @param directories of the group that is planned
 * @throws {ConfigError} naming the path
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#control-groups
 */
export function checkGroup({ linux }: Normalized, directories: readonly string[]): void {
  // Of version 1, a part may be there without the others: a freezer alone, for one.
  const there = directories.filter((directory) => existsSync(directory));
  if (there.length === 0) return;
  const group = open(there);
  const path = { path: '$.linux.cgroupsPath', value: linux.cgroupsPath };
  const [pid, ...others] = group.processes();
  if (pid !== undefined)
    throw cannot(
      path,
      `the path of a group of its own: container's cgroup is not empty, it has ${others.length + 1} processes, such as ${pid}`,
      'is it that of another container? `list` shows those of this runtime',
    );
  if (group.eventSource().read()?.frozen)
    throw cannot(
      path,
      "the path of a group that goes on: container's cgroup unexpectedly frozen",
      'thaw it, or choose another path',
    );
}
