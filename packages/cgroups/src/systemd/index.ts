/**
 * Groups through systemd, which has the upper part of the tree for itself where it is process 1; and through files where it is not.
 * @see org.freedesktop.systemd1(5), systemd.resource-control(5)
 * @module
 */
export { createManaged, openManaged } from '../managed.ts';
export { type Bus, type BusOptions, type BusSignal, type Call, openBus, SYSTEM_BUS } from './bus.ts';
export { managerGroup } from './jobs.ts';
export type { ManagedGroup, ManagedOptions, Manager, OpenedGroup } from './managed-group.ts';
export { parseProperty } from './parse-property.ts';
export { type PropertiesOptions, planProperties } from './properties.ts';
export type { Property } from './property.ts';
export { createScope, type Scope, type ScopeOptions } from './scope.ts';
export { pathOfSlice, type UnitPlace, unitPlace } from './unit-place.ts';
export { attachToUnit, endUnit, type UnitChange, unitDescription, updateUnit } from './units.ts';
