import { dirname } from 'node:path';
import { type CpusetResources, type FileOperation, type ReadFile, setFile } from '@coracle/cgroups-core';
import { need } from './need.ts';
import type { Place } from './place.ts';

/** Processors and memory nodes. @see cpuset(7) */
export function planCpuset({ cpus, mems }: CpusetResources, place: Place): FileOperation[] {
  return [
    ...(cpus === undefined ? [] : [setFile(need(place, 'cpuset', 'cpuset.cpus'), cpus, `run on processors ${cpus}`)]),
    ...(mems === undefined ? [] : [setFile(need(place, 'cpuset', 'cpuset.mems'), mems, `use memory of nodes ${mems}`)]),
  ];
}

/**
 * What a new group needs before a process can join: the kernel gives it no processor and no memory node, and answers ENOSPC.
 * So it gets what the group above has. A group that has some already keeps them.
 * @param options `parents`: directories above, from the top on, that are made with it; `read`: the text of a file, `undefined`
 *   where there is none
 * @see cpuset(7), "Errors"
 * @example
 * planCpusetStart({ cpuset: '/sys/fs/cgroup/cpuset/box' }, { read: readValue });
 * // [{ kind: 'write', path: '/sys/fs/cgroup/cpuset/box/cpuset.cpus', value: '0-3', ... }, { ... 'cpuset.mems', value: '0' }]
 */
export function planCpusetStart(
  { cpuset }: Place,
  { parents = [], read }: { parents?: readonly string[]; read: ReadFile },
): FileOperation[] {
  if (cpuset === undefined) return [];
  const directories = [...parents.filter((path) => cpuset.startsWith(`${path}/`)), cpuset];
  return FILES.flatMap((file) => {
    let above = textOf(read, `${dirname(directories[0] ?? cpuset)}/${file}`);
    return directories.flatMap((directory) => {
      const path = `${directory}/${file}`;
      const own = textOf(read, path);
      if (own !== '') above = own;
      return own !== '' || above === '' ? [] : [setFile(path, above, 'let the group have what the one above has')];
    });
  });
}

const FILES = ['cpuset.cpus', 'cpuset.mems'];

function textOf(read: ReadFile, path: string): string {
  return read(path)?.trim() ?? '';
}
