/**
 * Groups through systemd, which has the upper part of the tree for itself where it is process 1; and through files where it is not.
 * @see org.freedesktop.systemd1(5), systemd.resource-control(5)
 * @module
 */
export { createManaged, openManaged } from '../managed.ts';
export { type Bus, type BusSignal, type Call, openBus, SYSTEM_BUS } from './bus.ts';
export type { ManagedGroup, ManagedOptions, Manager, OpenedGroup } from './managed-group.ts';
export { type PropertiesOptions, type Property, planProperties } from './properties.ts';
export { createScope, type Scope, type ScopeOptions } from './scope.ts';
