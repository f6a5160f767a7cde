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
import { inabilitiesFor } from './inabilities.ts';
import { planIo } from './io.ts';
import { planMemory } from './memory.ts';
import { planMisc } from './misc.ts';
import { planNetwork } from './network.ts';
import { planPids } from './pids.ts';
import type { Controller, Place } from './place.ts';
import { planRdma } from './rdma.ts';

/**
 * The writes that put resources in force, in an order the kernel takes.
 * @param options `read`: the files of the group where it exists already, which decide about the order (nothing is asked of a
 *   new one); `mode`: `'best-effort'` leaves out what version 1 cannot do, otherwise that is an error; `release`: of the kernel, as
 *   uname(2) gives it, this machine's if absent
 * @returns the writes and what was left out
 * @throws SystemError EINVAL for resources that cannot be meant, EOPNOTSUPP for one that version 1 does not have, with the
 *   alternative; ENOENT for one whose controller the place lacks
 * @see the kernel's admin-guide/cgroup-v1
 * @example
 * planResources({ memory: '/sys/fs/cgroup/memory/box' }, { memory: { max: '256m', swapMax: 0 } }).operations;
 */
export function planResources(
  place: Place,
  resources: Resources,
  { read = () => undefined, mode = 'strict', release }: { read?: ReadFile; mode?: Mode; release?: string } = {},
): { operations: FileOperation[]; leftOut: LeftOut[] } {
  const checked = checkResources(resources);
  const { kept, leftOut } = sift(checked, inabilitiesFor(checked, release), 1);
  enforce(leftOut, mode);
  return { operations: writesOf(kept, place, read), leftOut };
}

function writesOf(resources: CheckedResources, place: Place, read: ReadFile): FileOperation[] {
  const { memory, cpu, cpuset, io, hugetlb, rdma, misc, network } = resources;
  return [
    ...planPids(resources, place),
    ...(memory ? planMemory(memory, place, read) : []),
    ...(cpu ? planCpu(cpu, place, read) : []),
    ...(cpuset ? planCpuset(cpuset, place) : []),
    ...(io ? planIo(io, place, read) : []),
    ...(hugetlb ? planHugetlb(hugetlb, place, read) : []),
    ...(rdma ? planRdma(rdma, place) : []),
    ...(misc ? planMisc(misc, place) : []),
    ...(network ? planNetwork(network, place) : []),
  ];
}

/**
 * The controllers that resources need.
 * @example
 * controllersOf({ memory: '1g', io: { weight: 100 } }); // ['memory', 'blkio']
 */
export function controllersOf({ cpus, cpu, io, network = {}, unified: _, ...others }: Resources): Controller[] {
  const { pids, memory, cpuset, hugetlb, rdma, misc } = others;
  const wanted: Partial<Record<Controller, unknown>> = {
    pids,
    memory,
    cpu: cpus ?? cpu,
    cpuset,
    blkio: io,
    hugetlb,
    rdma,
    misc,
    net_cls: network.classId,
    net_prio: network.priorities,
  };
  return ORDER.filter((controller) => wanted[controller] !== undefined);
}

const ORDER: readonly Controller[] = [
  'pids',
  'memory',
  'cpu',
  'cpuset',
  'blkio',
  'hugetlb',
  'rdma',
  'misc',
  'net_cls',
  'net_prio',
];
