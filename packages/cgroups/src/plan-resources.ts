import { type DeviceRuleInput, type LeftOut, type Mode, type Resources, readValue } from '@coracle/cgroups-core';
import { planResources as planV1 } from '@coracle/cgroups-v1';
import { planResources as planV2 } from '@coracle/cgroups-v2';
import { detectAll, type FullMachine } from './detect-all.ts';
import { layOut } from './lay-out.ts';
import { merge, type PlannedGroup } from './plan.ts';

/** A group with any resources, thought through. */
export interface PlannedResources extends PlannedGroup {
  /** What was asked for and is not in the plan; only the mode `'best-effort'` leaves anything out. */
  leftOut: readonly LeftOut[];
}

/** What of a group to plan, and where. */
export interface ResourcesRequest {
  /** {@link detectAll} if absent. */
  machine?: FullMachine;
  /** Of directories below the caller's own group: `'coracle/box'`. */
  name: string;
  /** None if absent. */
  resources?: Resources;
  /** What the processes may do with devices; as the group above if absent. An empty list denies all. */
  devices?: readonly DeviceRuleInput[] | undefined;
  /**
   * Of version 2, what to hand down beside the controllers of the resources and those that count, for limits that come later and for
   * groups that the processes make themselves. None if absent.
   */
  controllers?: readonly string[] | undefined;
  /** `'best-effort'` leaves out what cannot be had here; otherwise that is an error. */
  mode?: Mode;
}

/**
 * As {@link plan}, with every resource there is. Of the files of the group, which is taken to be new, nothing is asked; of
 * those above it, which processors they have. Whether this kernel has each file is seen only when the plan is carried out.
 * @returns `undefined` when the machine has no group the caller could use and nothing is asked for
 * @throws SystemError EINVAL for what cannot be meant; EOPNOTSUPP for what cannot be had here, with the reason and the remedy
 * @example
 * planResources({ name: 'box', resources: { cpu: { shares: 512 }, cpuset: { cpus: '0' } } })?.create;
 */
export function planResources(request: ResourcesRequest): PlannedResources | undefined {
  const { machine = detectAll(), name, resources = {}, devices, controllers, mode } = request;
  const { division, v1, v2 } = layOut(resources, { machine, name, mode, devices, controllers, read: readValue });
  const options = mode === undefined ? {} : { mode };
  const writes = {
    v1: v1 && planV1(v1.place, division.v1, options),
    v2: v2 && planV2(v2.directory, division.v2, options),
  };
  const onV1 = v1 && { ...v1.plan, create: [...v1.plan.create, ...(writes.v1?.operations ?? [])] };
  const onV2 = v2 && { ...v2.plan, create: [...v2.plan.create, ...(writes.v2?.operations ?? [])] };
  const planned = onV1 && onV2 ? merge(onV1, onV2) : (onV1 ?? onV2);
  const leftOut = [...division.leftOut, ...(writes.v1?.leftOut ?? []), ...(writes.v2?.leftOut ?? [])];
  return planned && { ...planned, leftOut };
}
