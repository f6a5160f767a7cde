import {
  type CheckedResources,
  checkResources,
  enforce,
  type FileOperation,
  type LeftOut,
  type Mode,
  type ReadFile,
  type Resources,
  sift,
} from '@coracle/cgroups-core';
import { planCpu } from './cpu.ts';
import { planCpuset } from './cpuset.ts';
import { planHugetlb } from './hugetlb.ts';
import { INABILITIES } from './inabilities.ts';
import { planIo } from './io.ts';
import { planMemory } from './memory.ts';
import { planMisc } from './misc.ts';
import { planPids } from './pids.ts';
import { planRdma } from './rdma.ts';
import { planUnified } from './unified.ts';

/**
 * The writes that put resources in force, in an order the kernel takes.
 * @param options `read`: the files of the group where it exists already, which decide about the order (nothing is asked of a
 *   new one); `mode`: `'best-effort'` leaves out what version 2 cannot do, otherwise that is an error
 * @returns the writes and what was left out
 * @throws SystemError EINVAL for resources that cannot be meant, EOPNOTSUPP for one that version 2 does not have, with the
 *   alternative; EBUSY as `memory.checkBeforeUpdate` asks
 * @see the kernel's admin-guide/cgroup-v2
 * @example
 * planResources('/sys/fs/cgroup/box', { memory: { max: '256m', swapMax: 0 } }).operations;
 */
export function planResources(
  directory: string,
  resources: Resources,
  { read = () => undefined, mode = 'strict' }: { read?: ReadFile; mode?: Mode } = {},
): { operations: FileOperation[]; leftOut: LeftOut[] } {
  const { kept, leftOut } = sift(checkResources(resources), INABILITIES, 2);
  enforce(leftOut, mode);
  return { operations: writesOf(kept, directory, read), leftOut };
}

function writesOf(resources: CheckedResources, directory: string, read: ReadFile): FileOperation[] {
  const { memory, cpu, cpuset, io, hugetlb, rdma, misc, unified } = resources;
  return [
    ...planPids(resources, directory),
    ...(memory ? planMemory(memory, directory, read) : []),
    ...(cpu ? planCpu(cpu, directory, read) : []),
    ...(cpuset ? planCpuset(cpuset, directory, read) : []),
    ...(io ? planIo(io, directory, read) : []),
    ...(hugetlb ? planHugetlb(hugetlb, directory, read) : []),
    ...(rdma ? planRdma(rdma, directory) : []),
    ...(misc ? planMisc(misc, directory) : []),
    ...(unified ? planUnified(unified, directory) : []),
  ];
}

/**
 * The controllers that resources need, for the groups above to hand down.
 * @example
 * controllersOf({ memory: '1g', unified: { 'io.cost.qos': '8:0 enable=1' } }); // ['memory', 'io']
 */
export function controllersOf({ cpus, network: _, unified = {}, ...others }: Resources): string[] {
  const named = Object.entries(others).flatMap(([kind, wanted]) => (wanted === undefined ? [] : [kind]));
  const byFile = Object.keys(unified).map((file) => file.slice(0, file.indexOf('.')));
  return [
    ...new Set([...named, ...(cpus === undefined ? [] : ['cpu']), ...byFile.filter((name) => name !== 'cgroup')]),
  ];
}
