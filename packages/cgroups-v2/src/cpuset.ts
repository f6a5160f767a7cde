import { dirname } from 'node:path';
import { type CpusetResources, type FileOperation, parseCpuList, type ReadFile, setFile } from '@coracle/cgroups-core';
import { SystemError } from '@coracle/errors';

/**
 * Processors and memory nodes.
 * @throws SystemError EINVAL for some that the group above does not have: the kernel would take them and not heed them
 * @see the kernel's cgroup-v2 documentation, "Cpuset"
 */
export function planCpuset(
  { cpus, mems, partition }: CpusetResources,
  directory: string,
  read: ReadFile,
): FileOperation[] {
  const set = (file: string, value: string | undefined, why: string): FileOperation[] => {
    if (value === undefined) return [];
    if (file !== PARTITION) checkAbove(file, value, read(`${dirname(directory)}/${file}.effective`));
    return [setFile(`${directory}/${file}`, value, why)];
  };
  return [
    ...set('cpuset.cpus', cpus, `run on processors ${cpus}`),
    ...set('cpuset.mems', mems, `use memory of nodes ${mems}`),
    ...set(PARTITION, partition, `make it a partition of the kind ${partition}`),
  ];
}

const PARTITION = 'cpuset.cpus.partition';

function checkAbove(file: string, wanted: string, above: string | undefined): void {
  const had = above === undefined ? undefined : parseCpuList(above);
  if (had === undefined || parseCpuList(wanted)?.every((number) => had.includes(number))) return;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'limit',
    path: file,
    text: `the group above has only ${above?.trim()}, not all of ${wanted}`,
    hint: `write a list within ${above?.trim()}`,
  });
}

/**
 * Whether a group has become the partition it was to be: the kernel takes what it cannot do and says so in the file afterwards.
 * @throws SystemError EINVAL with the kernel's reason
 */
export function checkPartition(directory: string, read: ReadFile): void {
  const path = `${directory}/${PARTITION}`;
  const [, reason] = /invalid(?: \((.*)\))?/.exec(read(path) ?? '') ?? [];
  if (reason === undefined) return;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'write',
    path,
    text: `the group cannot be such a partition: ${reason}`,
    hint: 'no other group may have its processors, and the group above must be a partition itself or the top',
  });
}
