/**
 * Control groups, whichever version the machine has: what is there, what can be limited, and groups that limit it.
 * @see cgroups(7)
 * @module
 */
export type { Group, GroupPlan, Limits, Resource, Stats, WaitOptions } from '@coracle/cgroups-core';
export { parseSize } from '@coracle/cgroups-core';
export type { Availability } from './availability.ts';
export { create } from './create.ts';
export { describe, detect, type Machine } from './detect.ts';
export type { Facts } from './facts.ts';
export type { Obstacle } from './obstacle.ts';
export { type GroupRequest, type PlannedGroup, plan } from './plan.ts';
