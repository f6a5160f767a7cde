import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DeviceRuleInput,
  type Limits,
  type Machine,
  memoryLimits,
  type PlannedGroup,
  plan,
  type Stats,
  withoutSwap,
} from '@coracle/cgroups';
import { isErrno } from '@coracle/errors';
import {
  attachDeviceProgram,
  close,
  flags,
  mkdirat,
  OPEN,
  openat,
  resultOf,
  type Step,
  write,
} from '@coracle/syscalls';
import type { Isolation } from '../isolation.ts';
import type { LimitOptions } from '../options/options.ts';
import { FDS } from '../plan/descriptors.ts';
import type { CgroupPlan } from './cgroup-plan.ts';

type Missing = Isolation['missing'][number];

/** The cgroup of a container, as far as the machine can give one. */
export interface Group {
  /** `undefined` where there is no group to be had and none was insisted on. */
  plan: CgroupPlan | undefined;
  version: Isolation['cgroup'];
  /** The limits that will be in force. */
  inForce: Limits;
  /** Limits that were wanted by default and cannot be had. */
  missing: Isolation['missing'];
  /** Makes sense of the texts of the plan's `statFiles`, in their order. */
  readStats(texts: readonly string[]): Partial<Stats>;
}

/**
 * Plans a container's cgroup. A limit that was asked for and cannot be had is an error; one that is merely the default is
 * left out and reported.
 * @throws SystemError EOPNOTSUPP with the reason and the remedy
 */
export function planGroup({
  machine,
  id,
  limits,
  explicit,
  devices,
  needsDevices,
}: {
  machine: Machine;
  id: string;
  limits: Limits;
  explicit: LimitOptions;
  /** What may be done with devices; `undefined` for everything. */
  devices: readonly DeviceRuleInput[] | undefined;
  /** Without rules it could open any device; in a user namespace it can make no node anyway. */
  needsDevices: boolean;
}): Group {
  const missing: Missing[] = unavailable(machine, limits).filter(({ what }) => explicit[OPTION[what]] === undefined);
  const available = machine.devices;
  if (devices && needsDevices && available.version === undefined)
    missing.push({ what: 'devices', reason: available.reason, fix: available.fix });
  const isMissing = (resource: string): boolean => missing.some(({ what }) => what === resource);
  const had = isMissing('swap') ? withoutSwap(limits) : limits;
  const inForce = Object.fromEntries(Object.entries(had).filter(([resource]) => !isMissing(resource)));
  const planned = plan({
    machine,
    name: `coracle-${id}`,
    limits: inForce,
    devices: available.version === undefined ? undefined : devices,
  });
  return {
    plan: planned && toSteps(planned),
    version: planned ? machine.version : 'none',
    inForce,
    missing,
    readStats: (texts) =>
      planned?.parseStats(new Map(planned.statFiles.map((path, index) => [path, texts[index] ?? '']))) ?? {},
  };
}

/** By what option each limit is asked for. */
const OPTION = { pids: 'pids', memory: 'memory', swap: 'memoryWithSwap', cpus: 'cpus' } as const;

function unavailable(
  { resources, swap }: Machine,
  limits: Limits,
): { what: keyof typeof OPTION; reason: string; fix: string }[] {
  const { max, maxWithSwap } = memoryLimits(limits);
  const wanted = [
    { what: 'pids', limit: limits.pids, available: resources.pids },
    { what: 'memory', limit: max, available: resources.memory },
    { what: 'swap', limit: maxWithSwap, available: swap },
    { what: 'cpus', limit: limits.cpus, available: resources.cpus },
  ] as const;
  return wanted.flatMap(({ what, limit, available }) =>
    limit === undefined || limit === 'max' || !available || available.version !== undefined
      ? []
      : [{ what, reason: available.reason, fix: available.fix }],
  );
}

const DEVICE_FDS = { group: FDS.deviceGroup, program: FDS.deviceProgram };

/** The plan's file operations as system calls, for the monitor. */
export function toSteps({
  create,
  deviceProgram,
  directories,
  joinFiles,
  joinDirectory,
  statFiles,
}: PlannedGroup): CgroupPlan {
  return {
    create: [...toCalls(create), ...(deviceProgram ? attachDeviceProgram(deviceProgram, DEVICE_FDS) : [])],
    directories,
    joinFiles: joinFiles.map(ofOneThread),
    joinDirectory,
    statFiles,
    remove: [...directories].reverse(),
  };
}

/**
 * The file that moves the thread that writes. The init, and every agent, has only one; and to move it the kernel need not stop
 * all others from making threads, as for `cgroup.procs`, which waits for a grace period of RCU: up to 2 ms.
 * @see the kernel's admin-guide/cgroup-v1/cgroups, section 2.2
 */
function ofOneThread(joinFile: string): string {
  return joinFile.replace(/cgroup\.procs$/, 'tasks');
}

/** Files into which a further process of one thread writes "0" to join a group that is there. */
export function doorsOf({ joinFiles, joinDirectory }: CgroupPlan): string[] {
  return joinDirectory === undefined ? [...joinFiles] : [...joinFiles, `${joinDirectory}/cgroup.procs`];
}

type Operation = PlannedGroup['create'][number];

/** A file with several values in a row, as the rules for devices are, is opened once. */
function toCalls(operations: readonly Operation[]): Step[] {
  return operations.flatMap((operation, index) => {
    const { path, why } = operation;
    if (operation.kind === 'mkdir') return [mkdirat({ path }, { why, on: path, tolerate: ['EEXIST'] })];
    const file = resultOf('file');
    return [
      ...(operations[index - 1]?.path === path
        ? []
        : [openat({ path, flags: flags(OPEN, 'O_WRONLY', 'O_CLOEXEC') }, { why, on: path, result: 'file' })]),
      write({ fd: file, data: operation.value }, { why, on: path }),
      ...(operations[index + 1]?.path === path ? [] : [close(file, why)]),
    ];
  });
}

/**
 * Removes a cgroup that is left over, with the groups in it.
 * @returns whether it is gone; a group is busy as long as a process is in it
 */
export function removeGroup(directory: string): boolean {
  if (isRemoved(directory)) return true;
  for (const child of groupsIn(directory)) removeGroup(child);
  return isRemoved(directory);
}

function isRemoved(directory: string): boolean {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (isErrno(error, 'EBUSY')) return false;
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  return true;
}

function groupsIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
