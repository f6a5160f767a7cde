/**
 * Moving network devices from one network namespace to another, by rtnetlink.
 * @see rtnetlink(7), network_namespaces(7)
 * @module
 */
export { moveNetDevices, type NetDevice, type Networks } from './move.ts';
export { Netlink } from './netlink.ts';
